import { at } from './at.ts';
import type { Accuracies } from './accuracies.ts';
import type { RankTree, TreeShape } from './candidate-tree.ts';

/** C(v): chance that everything from the root to v is right; the product of p(d, r) along the path. */
export function reachChances(tree: RankTree, accuracies: Accuracies): Float64Array {
  const reach = new Float64Array(tree.size).fill(1);
  for (let node = 1; node < tree.size; node += 1) {
    const row = accuracies[at(tree.depths, node) - 1];
    const p = row?.[at(tree.ranks, node)] ?? 0;
    reach[node] = at(reach, at(tree.parents, node)) * p;
  }
  return reach;
}

/** q(v) = C(v) - sum of the children's C: chance that v is the last accepted node. Adds up to 1. */
export function stopChances(tree: TreeShape, reach: Float64Array): Float64Array {
  const stop = Float64Array.from(reach);
  for (let node = 1; node < tree.size; node += 1) {
    const parent = at(tree.parents, node);
    stop[parent] = at(stop, parent) - at(reach, node);
  }
  return stop;
}

/** f(T): expected number of accepted candidates. The step yields 1 + f(T) tokens. */
export function expectedGain(tree: RankTree, accuracies: Accuracies): number {
  return reachChances(tree, accuracies).reduce((sum, chance) => sum + chance, -1);
}
