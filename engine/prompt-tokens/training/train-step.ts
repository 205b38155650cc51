import { adamStep, clipped, cosineRate, type AdamState } from '../../core/training/adamw.ts';
import { drawDifferent, randomAt } from '../../core/training/random.ts';
import { at } from '../../core/tree/at.ts';
import type { PromptGradient, PromptTrainer } from '../../native/addon.d.ts';
import type { Foreground } from './foreground.ts';
import {
  DISTANCE_DECAY,
  GRADIENT_LENGTH,
  POOL_WINDOWS,
  STEP_INSERTIONS,
  STREAMS,
  windowInsertions,
  type TrainingSettings,
} from './settings.ts';
import { insertionEnd, type TrainingWindow, type WindowSource } from './windows.ts';

/** How far training has come: all that it needs to go on. */
export interface TrainingPosition {
  readonly adam: AdamState;
  /** Windows taken so far. */
  readonly windowsTaken: number;
  readonly seconds: number;
  /** Rows of prompt tokens that had a teacher, over all insertions. */
  readonly trainedTokens: number;
  /** Mean loss by distance of the last steps, the newest last. */
  readonly losses: readonly (readonly number[])[];
}

export interface TrainingParts {
  readonly trainer: Pick<PromptTrainer, 'load' | 'gradient' | 'cancel'>;
  readonly windows: WindowSource;
  readonly settings: TrainingSettings;
  /** Learning rate at the start. */
  readonly highestRate: number;
  readonly foreground: Foreground;
  readonly signal: AbortSignal;
}

/** Steps whose loss counts as the present one. */
const LOSS_STEPS = 20;

export function startPosition(adam: AdamState): TrainingPosition {
  return { adam, windowsTaken: 0, seconds: 0, trainedTokens: 0, losses: [] };
}

/** Share of the training that is done, 0..1. */
export function progressOf(
  { adam, seconds }: TrainingPosition,
  settings: Pick<TrainingSettings, 'steps' | 'seconds'>,
): number {
  return Math.min(1, Math.max(adam.steps / settings.steps, seconds / settings.seconds));
}

/** Mean loss of the last steps, by distance; empty before the first. */
export function recentLoss({ losses }: TrainingPosition): readonly number[] {
  return (losses[0] ?? []).map(
    (_, index) => losses.reduce((sum, each) => sum + at(each, index), 0) / losses.length,
  );
}

/** @returns Null when cancelled: the step is then as if it had not begun. */
export async function trainStep(
  parts: TrainingParts,
  position: TrainingPosition,
): Promise<TrainingPosition | null> {
  const started = performance.now();
  const { adam } = position;
  const sum = new GradientSum(adam.parameters.length, parts.settings.promptTokens);
  let { windowsTaken } = position;
  while (sum.insertions < STEP_INSERTIONS) {
    const window = await parts.windows.window(windowsTaken % POOL_WINDOWS);
    if (window === null) return null;
    const insertions = drawInsertions(parts.settings, window, windowsTaken);
    const gradient = await gradientOf(parts, adam.parameters, window, insertions);
    if (gradient === null) return null;
    sum.add(gradient, insertions.length);
    windowsTaken += 1;
  }
  const rate = cosineRate(parts.highestRate, progressOf(position, parts.settings));
  return {
    adam: adamStep(adam, clipped(sum.gradient(), GRADIENT_LENGTH), rate),
    windowsTaken,
    seconds: position.seconds + (performance.now() - started) / 1000,
    trainedTokens: position.trainedTokens + sum.insertions * parts.settings.promptTokens,
    losses: [...position.losses, sum.loss()].slice(-LOSS_STEPS),
  };
}

function drawInsertions(
  settings: TrainingSettings,
  window: TrainingWindow,
  number: number,
): Int32Array {
  const { seed, promptTokens } = settings;
  return drawDifferent(randomAt(seed, STREAMS.insertions, number), {
    from: window.firstInsertion,
    to: insertionEnd(window, promptTokens),
    count: windowInsertions(settings),
  });
}

async function gradientOf(
  { trainer, foreground, signal }: TrainingParts,
  rows: Float32Array,
  window: TrainingWindow,
  insertions: Int32Array,
): Promise<PromptGradient | null> {
  const cancel = (): void => {
    trainer.cancel();
  };
  const loaded = await foreground.behind(
    async () => unlessCancelled(await trainer.load(window.tokens)),
    cancel,
    signal,
  );
  if (loaded === null) return null;
  return foreground.behind(
    async () =>
      unlessCancelled(await trainer.gradient(rows, insertions, { decay: DISTANCE_DECAY })),
    cancel,
    signal,
  );
}

function unlessCancelled<T extends { readonly kind: string }>(
  result: T,
): Exclude<T, { readonly kind: 'cancelled' }> | null {
  if (result.kind === 'cancelled') return null;
  return result as Exclude<T, { readonly kind: 'cancelled' }>;
}

/** Mean over all insertions of a step, window by window. */
class GradientSum {
  readonly #gradient: Float64Array;
  readonly #loss: Float64Array;
  #insertions = 0;

  constructor(parameters: number, distances: number) {
    this.#gradient = new Float64Array(parameters);
    this.#loss = new Float64Array(distances);
  }

  get insertions(): number {
    return this.#insertions;
  }

  add({ gradient, lossByDistance }: PromptGradient, insertions: number): void {
    this.#insertions += insertions;
    for (const [sum, values] of [
      [this.#gradient, gradient],
      [this.#loss, lossByDistance],
    ] as const) {
      values.forEach((value, index) => {
        sum[index] = at(sum, index) + insertions * value;
      });
    }
  }

  gradient(): Float32Array {
    return Float32Array.from(this.#gradient, (value) => value / this.#insertions);
  }

  loss(): readonly number[] {
    return Array.from(this.#loss, (value) => value / this.#insertions);
  }
}
