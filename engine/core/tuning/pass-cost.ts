/**
 * Cost of a pass over n rows in passes over one, at `[n]`, where it has not been measured: the
 * embedded model on one CPU thread (`npm run bench:pass`). Larger models cost less per row than that,
 * so trees are rather too small than too large.
 */
const CPU_COST: readonly number[] = [0, 1, 1.3, 1.75, 2.3, 2.8, 3.35, 4, 4.6];
const CPU_COST_PER_ROW = 0.6;

/** On GPUs a pass reads the weights once, whatever its rows. */
const GPU_COST_PER_ROW = 0.04;

/** @param rows The longest pass. */
export function assumedPassCost(backend: 'cpu' | 'gpu', rows: number): readonly number[] {
  const last = CPU_COST.length - 1;
  return Array.from({ length: rows + 1 }, (_, n) => {
    if (n === 0) return 0;
    if (backend === 'gpu') return 1 + GPU_COST_PER_ROW * (n - 1);
    return CPU_COST[n] ?? (CPU_COST[last] ?? 1) + CPU_COST_PER_ROW * (n - last);
  });
}
