import path from 'node:path';
import { createEngineClient } from '../../engine/client/create-engine-client.ts';
import type { EngineClient } from '../../engine/client/engine-client.ts';
import { findInstallation } from '../../engine/installation.ts';
import type { CompletionOutcome, EngineConfiguration, EngineState } from '../../engine/protocol.ts';
import type { CompletionTask, Contender, Measurement } from './contender.ts';

const NEVER = new AbortController().signal;

/** Foretoken as the editor uses it: the engine process, reached over its protocol. */
export class Foretoken implements Contender {
  readonly name = 'foretoken';
  readonly ready: Extract<EngineState, { kind: 'ready' }>;
  readonly #client: EngineClient;

  private constructor(client: EngineClient, ready: Extract<EngineState, { kind: 'ready' }>) {
    this.#client = client;
    this.ready = ready;
  }

  static async start(configuration: EngineConfiguration): Promise<Foretoken> {
    const entry = path.join(findInstallation().root, 'dist', 'engine.cjs');
    const client = createEngineClient({ entry });
    const state = await client.configure(configuration);
    if (state.kind !== 'ready') throw new Error(JSON.stringify(state));
    return new Foretoken(client, state);
  }

  get pid(): number | undefined {
    return this.#client.pid;
  }

  async reset(): Promise<void> {
    // Nothing in common with any prompt: the cache is dropped down to its first tokens.
    await this.complete({ prefix: '\u2205|', suffix: '', maxTokens: 1, singleLine: true });
  }

  async complete(task: CompletionTask): Promise<Measurement> {
    const started = performance.now();
    let firstTokenMs: number | undefined;
    const outcome = await this.#client.complete(request(task), NEVER, () => {
      firstTokenMs ??= performance.now() - started;
    });
    const totalMs = performance.now() - started;
    const { timing } = completed(outcome);
    return {
      firstTokenMs: firstTokenMs ?? totalMs,
      totalMs,
      tokens: timing.tokens,
      evaluatedTokens: timing.promptTokens - timing.reusedTokens,
    };
  }

  async dispose(): Promise<void> {
    await this.#client.dispose();
  }
}

function request({ prefix, suffix, maxTokens, singleLine }: CompletionTask) {
  return {
    document: { path: 'bench.ts', languageId: 'typescript', prefix, suffix },
    mode: 'plain',
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
