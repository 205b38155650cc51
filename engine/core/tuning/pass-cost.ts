import type { PassCosts } from '../decode/method-policy.ts';

/**
 * Cost of a pass over n rows in passes over one, at `[n]`, where it has not been measured: the
 * embedded model on one CPU thread (`npm run bench:pass`). Larger models cost less per row than that,
 * so trees are rather too small than too large.
 */
const CPU_COST: readonly number[] = [0, 1, 1.3, 1.7, 2.1, 2.6, 3.05, 3.5, 3.95];
const CPU_COST_PER_ROW = 0.5;
/** What building a graph of another shape costs on top: it is much for a small model. */
const CPU_REBUILD = 0.2;

/** On GPUs a pass reads the weights once, whatever its rows. */
const GPU_COST_PER_ROW = 0.04;
const GPU_REBUILD = 0.05;

/** @param rows The longest pass. @returns In passes over one row. */
export function assumedPassCost(backend: 'cpu' | 'gpu', rows: number): PassCosts {
  const last = CPU_COST.length - 1;
  const steadyMs = Array.from({ length: rows + 1 }, (_, n) => {
    if (n === 0) return 0;
    if (backend === 'gpu') return 1 + GPU_COST_PER_ROW * (n - 1);
    return CPU_COST[n] ?? (CPU_COST[last] ?? 1) + CPU_COST_PER_ROW * (n - last);
  });
  const rebuild = backend === 'gpu' ? GPU_REBUILD : CPU_REBUILD;
  return { steadyMs, mixedMs: steadyMs.map((cost, n) => (n === 0 ? 0 : cost + rebuild)) };
}
