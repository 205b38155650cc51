import type { Accuracies } from './accuracies.ts';
import { at } from './at.ts';
import type { RankTree } from './candidate-tree.ts';
import { expectedGain, reachChances, stopChances } from './expected-gain.ts';
import { linearSolve } from './linear-solve.ts';

/**
 * What follows a step in which no candidate was accepted. `runtime`: the root's own prompt tokens
 * serve the next step. `published`: the authors' builder counts a wasted step in state 0 first,
 * which understates tau (ppd.md section 4).
 */
export type ChainVariant = 'runtime' | 'published';

/**
 * Chance per step that generation starts over in the highest state, as it does with every new
 * completion. It keeps the equations solvable where a set of trees has several closed classes.
 */
const RESTART = 1e-7;

/** How the states 0..m (prompt tokens carried by the last accepted node) follow each other. */
export interface StateChain {
  /** `[k][j]`: chance of state j after a step with T_k. Rows add up to 1. */
  readonly transitions: readonly (readonly number[])[];
  /** 1 + f(T_k): expected tokens of a step in state k. */
  readonly tokens: readonly number[];
}

/** @param trees T_0..T_m; T_k may be no deeper than k. */
export function stateChain(
  trees: readonly RankTree[],
  accuracies: Accuracies,
  variant: ChainVariant = 'runtime',
): StateChain {
  const transitions = trees.map((tree, state) => {
    const row = trees.map(() => 0);
    const stop = stopChances(tree, reachChances(tree, accuracies));
    for (let node = 0; node < tree.size; node += 1) {
      const wasted = variant === 'published' && node === 0 && state > 0;
      const next = wasted ? 0 : at(tree.prompts, node);
      row[next] = at(row, next) + at(stop, node);
    }
    return row;
  });
  return { transitions, tokens: trees.map((tree) => 1 + expectedGain(tree, accuracies)) };
}

/** Share of steps spent in each state, starting in the last: solves pi = pi P. */
export function stationary(transitions: readonly (readonly number[])[]): Float64Array {
  const start = transitions.length - 1;
  const columns = transitions.map((_, j) =>
    transitions.map((row, k) => Number(j === k) - (1 - RESTART) * at(row, j)),
  );
  const right = transitions.map((_, k) => (k === start ? RESTART : 0));
  // The solution is known up to rounding that RESTART magnifies; its sum is exactly 1.
  const shares = linearSolve(columns, right);
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => Math.max(0, share / sum));
}

/** Long-run figures of a chain whose step in state k costs `costs[k]` (any unit). */
export interface ChainFigures {
  readonly stationary: Float64Array;
  /** Tokens per step. */
  readonly tau: number;
  /** Tokens per unit of cost. */
  readonly rate: number;
  /**
   * h: tokens that starting in a state is worth over starting in the last one, from
   * h_k = tokens_k - rate * cost_k + sum_j P_kj h_j.
   */
  readonly values: Float64Array;
}

export function chainFigures(chain: StateChain, costs: readonly number[]): ChainFigures {
  const { transitions, tokens } = chain;
  const shares = stationary(transitions);
  const mean = (values: readonly number[]): number =>
    shares.reduce((sum, share, state) => sum + share * at(values, state), 0);
  const tau = mean(tokens);
  const rate = tau / mean(costs);
  const surplus = tokens.map((value, state) => value - rate * at(costs, state));
  const matrix = transitions.map((row, k) =>
    row.map((p, j) => Number(j === k) - (1 - RESTART) * p),
  );
  const raw = linearSolve(matrix, surplus);
  const reference = at(raw, raw.length - 1);
  return { stationary: shares, tau, rate, values: raw.map((value) => value - reference) };
}

/** tau of a set of trees: tokens per step in the long run. */
export function tauOf(
  trees: readonly RankTree[],
  accuracies: Accuracies,
  variant: ChainVariant = 'runtime',
): number {
  const chain = stateChain(trees, accuracies, variant);
  return chainFigures(
    chain,
    chain.tokens.map(() => 1),
  ).tau;
}
