import type { Accuracies } from './accuracies.ts';
import { at } from './at.ts';
import { forwardLength, type RankTree } from './candidate-tree.ts';
import { chainFigures, stateChain, type ChainFigures } from './markov-chain.ts';
import { bestTreesBySize, type TreesBySize } from './tree-knapsack.ts';

/**
 * The exact optimiser (ppd.md section 4): which trees T_0..T_m yield the most tokens per second.
 *
 * Decoding is a semi-Markov decision process: the state is the number of guesses at hand, the action
 * a tree, the cost L(n). It is solved by policy iteration: the value h of the states and the rate rho
 * of the present trees (Dinkelbach's ratio) tell which trees are better, until none are. The inner
 * problem, the best tree of n rows given h, is solved exactly for every n by tree-knapsack.ts, so a
 * stepwise L(n) needs no loop over caps.
 */
export interface OptimiseInput {
  readonly accuracies: Accuracies;
  /** m. */
  readonly states: number;
  /** E. */
  readonly ensemble: number;
  /** `[n]`: milliseconds of one forward pass over n rows, n from 1; `[0]` is not read. */
  readonly latencyMs: readonly number[];
}

export interface TreePlan {
  /** T_0..T_m. */
  readonly trees: readonly RankTree[];
  /** Rows of each tree. */
  readonly lengths: readonly number[];
  /** Expected tokens per step. */
  readonly tau: number;
  readonly tokensPerSecond: number;
  /** h_0..h_m in tokens, h_m = 0: what adaptive-tree.ts needs to price prompt tokens. */
  readonly values: Float64Array;
}

/** The best plan whose trees all cost one pass over `length` rows, whatever they use of it. */
export interface FixedLengthPlan extends TreePlan {
  readonly length: number;
}

export interface OptimalTrees {
  /** One plan for each length. */
  readonly table: readonly FixedLengthPlan[];
  /** The best plan of all, where every state's tree has the length that suits it. */
  readonly best: TreePlan;
}

const MOST_ROUNDS = 50;
/** Tokens per step by which a tree has to be better. */
const SETTLED = 1e-7;

/** @param lengths Rows to tabulate; all that `latencyMs` knows unless told. */
export function optimalTrees(input: OptimiseInput, lengths?: readonly number[]): OptimalTrees {
  const all = lengths ?? input.latencyMs.map((_, n) => n).slice(1);
  let values = new Float64Array(input.states + 1);
  const table = all.map((length) => {
    const cost = at(input.latencyMs, length);
    const plan = improve(
      input,
      length,
      values,
      (trees) => trees.tree(length),
      () => cost,
    );
    values = Float64Array.from(plan.values);
    return { ...plan, length };
  });
  return { table, best: optimalPlan(input) };
}

/** The winner alone. */
export function optimalPlan(input: OptimiseInput): TreePlan {
  const longest = input.latencyMs.length - 1;
  const cost = (tree: RankTree): number => at(input.latencyMs, forwardLength(tree, input.ensemble));
  const choose = (trees: TreesBySize, rate: number): RankTree => {
    let top = 1;
    const net = (n: number): number => trees.value(n) - rate * at(input.latencyMs, n);
    for (let n = 2; n <= longest; n += 1) if (net(n) > net(top)) top = n;
    return trees.tree(top);
  };
  return improve(input, longest, new Float64Array(input.states + 1), choose, cost);
}

/** Policy iteration. `choose` picks a state's tree at a rate in tokens per millisecond. */
function improve(
  input: OptimiseInput,
  length: number,
  start: Float64Array,
  choose: (trees: TreesBySize, rate: number) => RankTree,
  cost: (tree: RankTree) => number,
): TreePlan {
  const { accuracies, ensemble } = input;
  const propose = (values: Float64Array, rate: number): readonly RankTree[] =>
    Array.from(values, (_, depth) =>
      choose(bestTreesBySize({ accuracies, depth, ensemble, values, length }), rate),
    );
  let trees = propose(start, 0);
  let figures = chainFigures(stateChain(trees, accuracies), trees.map(cost));
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { values, rate } = figures;
    const proposed = propose(values, rate);
    const old = scores(trees, input, figures, cost);
    const better = scores(proposed, input, figures, cost).map(
      (score, state) => score > at(old, state) + SETTLED,
    );
    if (!better.includes(true)) break;
    trees = better.map((is, state) => at(is ? proposed : trees, state));
    figures = chainFigures(stateChain(trees, accuracies), trees.map(cost));
  }
  const lengths = trees.map((tree) => forwardLength(tree, ensemble));
  const { tau, rate, values } = figures;
  return { trees, lengths, tau, tokensPerSecond: rate * 1000, values };
}

/**
 * What one step with each tree is worth if everything after it goes as the figures say. A tree is
 * replaced for a better score only: among equals, policy iteration could otherwise step back to a
 * closed class of worse states.
 */
function scores(
  trees: readonly RankTree[],
  { accuracies }: OptimiseInput,
  { rate, values }: ChainFigures,
  cost: (tree: RankTree) => number,
): readonly number[] {
  const { transitions, tokens } = stateChain(trees, accuracies);
  return trees.map((tree, state) =>
    at(transitions, state).reduce(
      (sum, p, next) => sum + p * at(values, next),
      at(tokens, state) - rate * cost(tree),
    ),
  );
}
