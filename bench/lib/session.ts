import { Engine } from '../../engine/engine.ts';
import { findInstallation } from '../../engine/installation.ts';
import type { EngineConfiguration } from '../../engine/protocol.ts';
import type { Session } from '../../engine/session.ts';
import type { CompletionTask, Contender, Measurement } from './contender.ts';

const NEVER = new AbortController().signal;

/** Foretoken's plain decoding in this process, without the way to the engine and back. */
export class ForetokenSession implements Contender {
  readonly name = 'foretoken, in process';
  readonly #engine: Engine;
  readonly #session: Session;

  private constructor(engine: Engine, session: Session) {
    this.#engine = engine;
    this.#session = session;
  }

  static async start(configuration: EngineConfiguration): Promise<ForetokenSession> {
    const ignore = (): void => undefined;
    const engine = new Engine(findInstallation(), { onState: ignore, onLog: ignore });
    const state = await engine.configure(configuration);
    if (engine.session === undefined) throw new Error(JSON.stringify(state));
    return new ForetokenSession(engine, engine.session);
  }

  /** `continueText` starts from an empty cache. */
  reset(): Promise<void> {
    return Promise.resolve();
  }

  async complete({ prefix, suffix, maxTokens }: CompletionTask): Promise<Measurement> {
    const started = performance.now();
    const text = { prefix, suffix };
    const decoding = { mode: 'plain', firstStepReads: true } as const;
    const result = await this.#session.continueText(text, decoding, maxTokens, NEVER);
    if (result === null) throw new Error('cancelled');
    const { timing } = result;
    return {
      firstTokenMs: timing.prefillMs,
      totalMs: performance.now() - started,
      tokens: timing.tokens,
      decodedTokens: timing.decodedTokens,
      evaluatedTokens: timing.promptTokens - timing.reusedTokens,
    };
  }

  async dispose(): Promise<void> {
    await this.#engine.unload();
  }
}
