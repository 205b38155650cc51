import { powerLawRow, type Accuracies } from '../../../engine/core/tree/accuracies.ts';
import { optimalPlan } from '../../../engine/core/tree/optimal-tree.ts';

/** Of Vicuna-7B, recovered from the paper's published trees: top 1 and top 10 by distance. */
export const PAPER_ACCURACIES: Accuracies = [
  powerLawRow(0.483, 0.846),
  powerLawRow(0.263, 0.704),
  powerLawRow(0.164, 0.599),
];

export interface CurvePoint {
  readonly rows: number;
  readonly median: number | null;
}

/**
 * What the optimiser makes of a measured L(n), were the guesses as good as the accuracies say.
 *
 * @param plainMs A step of plain decoding; a pass of one row, unless told.
 */
export function planFor(curve: readonly CurvePoint[], accuracies: Accuracies, plainMs?: number) {
  const latencyMs = stepwise(curve);
  const single = plainMs ?? latencyMs[1];
  if (single === undefined) return null;
  const { tau, lengths, tokensPerSecond } = optimalPlan({
    accuracies,
    states: accuracies.length,
    ensemble: 1,
    latencyMs,
  });
  return { tau, lengths, tokensPerSecond, speedup: (tokensPerSecond * single) / 1000 };
}

/** `[n]`; a length that was not measured costs what the next longer one does. */
export function stepwise(curve: readonly CurvePoint[]): readonly number[] {
  const measured = curve.filter(({ median }) => median !== null).sort((a, b) => a.rows - b.rows);
  const longest = measured.at(-1)?.rows ?? 0;
  return Array.from({ length: longest + 1 }, (_, length) =>
    length === 0 ? 0 : (measured.find(({ rows }) => rows >= length)?.median ?? NaN),
  );
}
