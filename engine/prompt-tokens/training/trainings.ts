import type { Engine } from '../../engine.ts';
import { EngineFailure } from '../../engine-failure.ts';
import type { TrainingProgress, TrainOutcome, TrainRequest } from '../../protocol.ts';
import type { Foreground } from './foreground.ts';
import { trainPromptTokens } from './train-prompt-tokens.ts';

/** One training at a time, ended when its model goes. */
export class Trainings {
  readonly #engine: Pick<Engine, 'trainable'>;
  readonly #foreground: Foreground;
  #running: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  constructor(engine: Pick<Engine, 'trainable'>, foreground: Foreground) {
    this.#engine = engine;
    this.#foreground = foreground;
  }

  /** @throws EngineFailure. */
  async train(
    request: TrainRequest,
    signal: AbortSignal,
    onProgress: (progress: TrainingProgress) => void,
  ): Promise<TrainOutcome> {
    if (this.#running !== undefined) {
      throw new EngineFailure('training-failed', 'A training is running already: cancel it first.');
    }
    const { trainable } = this.#engine;
    if (trainable === undefined) {
      throw new EngineFailure('engine-unavailable', 'No model is loaded: try again in a moment.');
    }
    const stop = new AbortController();
    const { trainingId } = request;
    const outcome = trainPromptTokens(trainable, request, {
      foreground: this.#foreground,
      signal: AbortSignal.any([signal, stop.signal]),
      onProgress: (progress) => {
        onProgress({ trainingId, ...progress });
      },
    });
    this.#running = { stop, ended: outcome.catch(() => undefined) };
    try {
      return await outcome;
    } finally {
      this.#running = undefined;
    }
  }

  /** Cancels what runs, and resolves once it has saved its checkpoint. */
  async stop(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.ended;
  }
}
