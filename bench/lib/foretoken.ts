import path from 'node:path';
import { createEngineClient } from '../../engine/client/create-engine-client.ts';
import type { EngineClient } from '../../engine/client/engine-client.ts';
import { findInstallation } from '../../engine/installation.ts';
import type {
  CompletionOutcome,
  DecodingModeSetting,
  EngineConfiguration,
  EngineState,
} from '../../engine/protocol.ts';
import type { CompletionTask, Contender, TextMeasurement } from './contender.ts';

const NEVER = new AbortController().signal;

/** Foretoken as the editor uses it: the engine process, reached over its protocol. */
export class Foretoken implements Contender<TextMeasurement> {
  readonly name: string;
  readonly ready: Extract<EngineState, { kind: 'ready' }>;
  readonly #client: EngineClient;
  readonly #configuration: EngineConfiguration;
  readonly #mode: DecodingModeSetting;

  private constructor(
    client: EngineClient,
    configuration: EngineConfiguration,
    ready: Extract<EngineState, { kind: 'ready' }>,
    mode: DecodingModeSetting,
  ) {
    this.name = `foretoken ${mode}`;
    this.#client = client;
    this.#configuration = configuration;
    this.#mode = mode;
    this.ready = ready;
  }

  static async start(
    configuration: EngineConfiguration,
    mode: DecodingModeSetting = 'plain',
  ): Promise<Foretoken> {
    const entry = path.join(findInstallation().root, 'dist', 'engine.cjs');
    const client = createEngineClient({ entry });
    return new Foretoken(client, configuration, await configured(client, configuration), mode);
  }

  get pid(): number | undefined {
    return this.#client.pid;
  }

  /** The editor never asks for that. */
  reset(): Promise<void> {
    return Promise.reject(new Error('The engine process keeps its cache.'));
  }

  /** Loads the model again, which is when recent completions are forgotten. */
  async forget(): Promise<void> {
    await configured(this.#client, this.#configuration);
  }

  async complete(task: CompletionTask): Promise<TextMeasurement> {
    const started = performance.now();
    const outcome = await this.#client.complete(request(task, this.#mode), NEVER);
    const totalMs = performance.now() - started;
    const { text, timing } = completed(outcome);
    return {
      text,
      // All but the decoding: the way to the engine and back counts.
      firstTokenMs: totalMs - timing.decodeMs,
      totalMs,
      tokens: timing.tokens,
      decodedTokens: timing.decodedTokens,
      evaluatedTokens: timing.promptTokens - timing.reusedTokens,
    };
  }

  async dispose(): Promise<void> {
    await this.#client.dispose();
  }
}

async function configured(
  client: EngineClient,
  configuration: EngineConfiguration,
): Promise<Extract<EngineState, { kind: 'ready' }>> {
  const state = await client.configure(configuration);
  if (state.kind !== 'ready') throw new Error(JSON.stringify(state));
  return state;
}

function request(
  { prefix, suffix, maxTokens, singleLine }: CompletionTask,
  mode: DecodingModeSetting,
) {
  return {
    document: { path: 'bench.ts', languageId: 'typescript', prefix, suffix },
    mode,
    maxTokens,
    deadlineMs: null,
    multiline: !singleLine,
    streamId: null,
  } as const;
}

function completed(outcome: CompletionOutcome): Extract<CompletionOutcome, { kind: 'completed' }> {
  if (outcome.kind !== 'completed') throw new Error(JSON.stringify(outcome));
  return outcome;
}
