import { progressOf, trainStep, type TrainingParts, type TrainingPosition } from './train-step.ts';

/** Where training ended: at its end, or where it was cancelled. */
export interface TrainingEnd {
  readonly kind: 'done' | 'cancelled';
  /** After the last step that was completed. */
  readonly position: TrainingPosition;
}

/** Takes steps until training is done. */
export async function runTraining(
  parts: TrainingParts,
  start: TrainingPosition,
  afterStep: (position: TrainingPosition) => Promise<void>,
): Promise<TrainingEnd> {
  let position = start;
  while (progressOf(position, parts.settings) < 1) {
    const next = await trainStep(parts, position);
    if (next === null) return { kind: 'cancelled', position };
    position = next;
    await afterStep(position);
  }
  return { kind: 'done', position };
}
