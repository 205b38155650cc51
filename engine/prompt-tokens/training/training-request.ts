import { EngineFailure } from '../../engine-failure.ts';
import type { TrainRequest } from '../../protocol.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainingSettings } from './settings.ts';

const MOST_PROMPT_TOKENS = 16;
const MOST_ENSEMBLE = 64;

/** The same training twice gives the same prompt tokens. */
const SEED = 1;

/** What a training does; the checkpoint decides what it has begun with. */
export function settingsOf(request: TrainRequest, checkpoint: Checkpoint | null): TrainingSettings {
  return {
    promptTokens: checkpoint?.promptTokens ?? request.promptTokens,
    ensemble: checkpoint?.ensemble ?? request.ensemble,
    seed: checkpoint?.seed ?? SEED,
    steps: request.steps ?? Infinity,
    seconds: request.minutes === null ? Infinity : 60 * request.minutes,
  };
}

/** @throws EngineFailure 'invalid-request'. */
export function checkRequest({ promptTokens, ensemble, steps, minutes }: TrainRequest): void {
  const isWhole = (value: number, most: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= most;
  const faults: readonly (readonly [boolean, string])[] = [
    [isWhole(promptTokens, MOST_PROMPT_TOKENS), `prompt tokens: 1 to ${MOST_PROMPT_TOKENS}`],
    [isWhole(ensemble, MOST_ENSEMBLE), `embeddings for each: 1 to ${MOST_ENSEMBLE}`],
    [steps === null || isWhole(steps, Number.MAX_SAFE_INTEGER), 'steps: at least 1'],
    [minutes === null || minutes > 0, 'minutes: more than 0'],
    [steps !== null || minutes !== null, 'a number of steps or of minutes'],
  ];
  const fault = faults.find(([isFine]) => !isFine);
  if (fault !== undefined) throw new EngineFailure('invalid-request', `Training wants ${fault[1]}.`);
}

