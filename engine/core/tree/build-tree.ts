import type { Accuracies } from './accuracies.ts';
import { at } from './at.ts';
import {
  forwardLength,
  rankTreeFromPaths,
  type RankTree,
  type TreeNode,
  rankTree,
} from './candidate-tree.ts';
import { expectedGain, reachChances, stopChances } from './expected-gain.ts';
import { tauOf } from './markov-chain.ts';

/** The published trees: baselines for optimal-tree.ts. PPD section 3.2, ppd.md section 4. */

export interface BuildInput {
  readonly accuracies: Accuracies;
  /** m: prompt tokens that a node may carry, and the number of the highest state. */
  readonly states: number;
  /** E. */
  readonly ensemble: number;
  /** Rows of one forward pass at most, the root and all prompt tokens included. */
  readonly length: number;
}

interface Path {
  readonly ranks: readonly number[];
  readonly chance: number;
}

/** Step A: the `count` candidate paths of greatest C(v), no longer than `depth`. */
export function topPaths(
  accuracies: Accuracies,
  depth: number,
  count: number,
): readonly (readonly number[])[] {
  const chosen: (readonly number[])[] = [];
  let frontier: Path[] = extend({ ranks: [], chance: 1 }, accuracies, depth);
  while (chosen.length < count) {
    const best = frontier.reduce<Path | null>(
      (top, path) => (top === null || path.chance > top.chance ? path : top),
      null,
    );
    if (best === null || best.chance <= 0) break;
    chosen.push(best.ranks);
    frontier = frontier.filter((path) => path !== best);
    frontier.push(...extend(best, accuracies, depth));
  }
  return chosen;
}

/** T_0..T_m of the best `count` candidates each, m prompt tokens at every node. */
function fullTrees(input: BuildInput, count: number): readonly RankTree[] {
  return treesByState(input, (state) => topPaths(input.accuracies, state, count));
}

/** The best candidates that fit when every node carries all m prompt tokens. */
export function naiveTrees(input: BuildInput): readonly RankTree[] {
  return fullTrees(input, naiveCount(input));
}

/** As many candidates as the naive trees have, chosen blindly. @param random Uniform in [0, 1). */
export function randomTrees(input: BuildInput, random: () => number): readonly RankTree[] {
  return treesByState(input, (state) => {
    const chosen: (readonly number[])[] = [];
    let frontier = extend({ ranks: [], chance: 1 }, input.accuracies, state);
    while (chosen.length < naiveCount(input) && frontier.length > 0) {
      const path = at(frontier, Math.floor(random() * frontier.length));
      chosen.push(path.ranks);
      frontier = frontier.filter((each) => each !== path);
      frontier.push(...extend(path, input.accuracies, state));
    }
    return chosen;
  });
}

/**
 * Steps B to E: for every split of the budget into candidates and prompt tokens, prune the prompt
 * tokens of least loss; the split of greatest tau wins. As published, a node other than a pruned one
 * starts with m prompt tokens and keeps at least one, and the root keeps all.
 */
export function prunedTrees(input: BuildInput): readonly RankTree[] {
  let best = naiveTrees(input);
  let bestTau = tauOf(best, input.accuracies);
  const most = Math.floor(
    (input.length - 1 - input.states * input.ensemble) / (1 + input.ensemble),
  );
  for (let count = 1; count <= most; count += 1) {
    const full = fullTrees(input, count);
    const gains = full.map((tree) => expectedGain(tree, input.accuracies));
    const trees = full.map((tree) => prune(tree, gains, input));
    const tau = tauOf(trees, input.accuracies);
    if (tau > bestTau) {
      best = trees;
      bestTau = tau;
    }
  }
  return best;
}

/** Step C: removes the prompt token of least q(v) * (f_n(v) - f_(n(v)-1)) until the tree fits. */
function prune(tree: RankTree, gains: readonly number[], input: BuildInput): RankTree {
  const prompts = Array.from(tree.prompts);
  const stop = stopChances(tree, reachChances(tree, input.accuracies));
  const loss = (node: number): number => {
    const carried = at(prompts, node);
    if (node === 0 || carried <= 1) return Infinity;
    return at(stop, node) * (at(gains, carried) - at(gains, carried - 1));
  };
  let excess = forwardLength(tree, input.ensemble) - input.length;
  while (excess > 0) {
    let least = 0;
    for (let node = 1; node < tree.size; node += 1) if (loss(node) < loss(least)) least = node;
    if (least === 0) break;
    prompts[least] = at(prompts, least) - 1;
    excess -= input.ensemble;
  }
  return rankTree(
    prompts.map((count, node): TreeNode => ({
      parent: at(tree.parents, node),
      label: at(tree.ranks, node),
      prompts: count,
    })),
  );
}

function naiveCount({ length, states, ensemble }: BuildInput): number {
  return Math.max(0, Math.floor(length / (1 + states * ensemble)) - 1);
}

function treesByState(
  { states, ensemble, length }: BuildInput,
  pathsOf: (state: number) => readonly (readonly number[])[],
): readonly RankTree[] {
  const atRoot = Math.min(states, Math.max(0, Math.floor((length - 1) / ensemble)));
  return Array.from({ length: states + 1 }, (_, state) =>
    rankTreeFromPaths(pathsOf(state), (path) => (path.length === 0 ? atRoot : states)),
  );
}

function extend(path: Path, accuracies: Accuracies, depth: number): Path[] {
  if (path.ranks.length >= depth) return [];
  const row = accuracies[path.ranks.length] ?? [];
  return row.map((p, rank) => ({ ranks: [...path.ranks, rank], chance: path.chance * p }));
}
