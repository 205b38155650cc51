import type {
  GuessShares,
  LoadedModel,
  TrainingProgress,
  TrainingReport,
} from '../engine/protocol.ts';

/** Arithmetic of a training step for each parameter of the model: some hundred rows, both ways. */
const OPERATIONS_PER_PARAMETER = 1500;

/** What a core does with the trainer's matrices. */
const OPERATIONS_PER_SECOND = 4e10;

/** A training's length before it has begun: good for "minutes or an hour?", no better. */
export function estimatedMinutes(
  model: Pick<LoadedModel, 'parameterCount'>,
  threads: number,
  limits: { readonly steps: number; readonly minutes: number },
): number {
  const stepSeconds =
    (OPERATIONS_PER_PARAMETER * model.parameterCount) / (OPERATIONS_PER_SECOND * threads);
  return Math.min(limits.minutes, Math.max(1, Math.ceil((limits.steps * stepSeconds) / 60)));
}

/** "step 120, loss 3.12, top 10: 55/41/36 %, 3 min left". */
export function progressText({ steps, loss, guesses, secondsLeft }: TrainingProgress): string {
  const [nearest] = loss;
  return [
    `step ${steps}`,
    ...(nearest === undefined ? [] : [`loss ${nearest.toFixed(2)}`]),
    ...(guesses === null ? [] : [`top 10: ${percents(guesses)} %`]),
    ...(secondsLeft === null ? [] : [`${Math.ceil(secondsLeft / 60)} min left`]),
  ].join(', ');
}

/** "55/41/36 % instead of 28/20/14 %". */
export function gainText({
  trained,
  untrained,
}: Pick<TrainingReport, 'trained' | 'untrained'>): string {
  return `${percents(trained)} % instead of ${percents(untrained)} %`;
}

function percents({ top10 }: GuessShares): string {
  return top10.map((share) => Math.round(100 * share)).join('/');
}
