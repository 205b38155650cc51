/** What the tests of the prompt-token trainer share. */
import assert from 'node:assert/strict';
import type {
  NativeModel,
  PromptGradient,
  PromptTrainer,
  PromptTrainerOptions,
} from '../../../engine/native/addon.d.ts';
import { loadModel, scratchFile } from './native.ts';
import { normal, seededRandom } from './random.ts';
import { toGguf } from './tiny-models.ts';
import { trainableModel, type TrainableShape } from './trainable-models.ts';

export const DECAY = 0.8;
export const OPTIONS: PromptTrainerOptions = {
  count: 3,
  ensemble: 1,
  windowLength: 48,
  insertions: 4,
  threads: 1,
};
export const TEXT = `export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}`;

export const open = (name: string, shape: TrainableShape) =>
  loadModel(scratchFile(`trainer-${name}.gguf`, toGguf(trainableModel(shape))));

export const tokensOf = (model: NativeModel, length: number) =>
  model.tokenize(TEXT).subarray(0, length);

/** Rows as far from zero as the model's own embeddings. */
export function randomRows(
  model: NativeModel,
  { count, ensemble }: PromptTrainerOptions,
): Float32Array {
  const random = seededRandom(3);
  const size = count * ensemble * model.info.embeddingLength;
  return Float32Array.from({ length: size }, () => 0.5 * normal(random));
}

export async function gradientOf(
  trainer: PromptTrainer,
  rows: Float32Array,
  insertions: readonly number[],
  decay = DECAY,
): Promise<PromptGradient> {
  const result = await trainer.gradient(rows, Int32Array.from(insertions), { decay });
  assert.ok(result.kind === 'done');
  return result;
}

export function lossOf({ lossByDistance }: PromptGradient): number {
  return (
    lossByDistance.reduce((sum, loss, i) => sum + DECAY ** i * loss, 0) / lossByDistance.length
  );
}
