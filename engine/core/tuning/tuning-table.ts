import { treeProblem, type GuessQuality } from '../decode/method-policy.ts';
import { at } from '../tree/at.ts';
import { prunedTrees } from '../tree/build-tree.ts';
import { forwardLength } from '../tree/candidate-tree.ts';
import { chainFigures, stateChain } from '../tree/markov-chain.ts';
import { optimalTrees, type OptimiseInput } from '../tree/optimal-tree.ts';
import type { DeviceProfile } from './device-profile.ts';

/** What trees of one length are expected to come to. */
export interface Prediction {
  /** Tokens of a step. */
  readonly tau: number;
  readonly tokensPerSecond: number;
}

/** One length of a pass: what it costs and what it is expected to bring. */
export interface TuningRow {
  readonly rows: number;
  readonly chainMs: number;
  /** Null where the model has no prompt tokens. */
  readonly treeMs: number | null;
  /** Tokens that a chain of so many rows has to bring for its time: L(n) / L(1) of plain decoding. */
  readonly breakEven: number;
  /** The paper's trees, and the exactly optimal ones. */
  readonly paper: Prediction | null;
  readonly optimal: Prediction | null;
}

export interface TuningInput {
  readonly chains: DeviceProfile;
  readonly trees: DeviceProfile | null;
  readonly prompts: GuessQuality | null;
  readonly topK: number;
}

/** The row of one length: tau(n) / L(n) for every way of building a fixed tree. */
export function tuningRow({ chains, trees, prompts, topK }: TuningInput, rows: number): TuningRow {
  const chainMs = at(chains.mixedMs, rows);
  const row = { rows, chainMs, breakEven: chainMs / chains.plainMs };
  const costs = trees?.mixedMs;
  if (prompts === null || costs === undefined || costs.length <= rows) {
    return { ...row, treeMs: null, paper: null, optimal: null };
  }
  const problem = treeProblem(prompts, prompts.accuracies.length, topK, costs);
  return {
    ...row,
    treeMs: at(costs, rows),
    paper: paperPrediction(problem, rows),
    optimal: optimalPrediction(problem, rows),
  };
}

/** Each state's trees are as long as the paper makes them, `length` at most. */
function paperPrediction(problem: OptimiseInput, length: number): Prediction {
  const trees = prunedTrees({ ...problem, length });
  const costs = trees.map((tree) =>
    at(problem.latencyMs, Math.min(length, forwardLength(tree, problem.ensemble))),
  );
  const { tau, rate } = chainFigures(stateChain(trees, problem.accuracies), costs);
  return { tau, tokensPerSecond: 1000 * rate };
}

function optimalPrediction(problem: OptimiseInput, length: number): Prediction {
  const latencyMs = problem.latencyMs.slice(0, length + 1);
  const { table } = optimalTrees({ ...problem, latencyMs }, [length]);
  const { tau, tokensPerSecond } = at(table, 0);
  return { tau, tokensPerSecond };
}

/** What is expected to be fastest. N-gram chains depend on the text: `auto` finds out. */
export interface TuningChoice {
  readonly mode: 'plain' | 'ppd-paper' | 'ppd-static';
  readonly rows: number;
  readonly tokensPerSecond: number;
  /** Over plain decoding. */
  readonly speedup: number;
  readonly reason: string;
}

export function chooseFrom(table: readonly TuningRow[], plainMs: number): TuningChoice {
  const plain = 1000 / plainMs;
  let best: Omit<TuningChoice, 'reason'> = {
    mode: 'plain',
    rows: 1,
    tokensPerSecond: plain,
    speedup: 1,
  };
  for (const { rows, paper, optimal } of table) {
    // One row is plain decoding, however it is called.
    if (rows === 1) continue;
    for (const [mode, prediction] of [
      ['ppd-static', optimal],
      ['ppd-paper', paper],
    ] as const) {
      const tokensPerSecond = prediction?.tokensPerSecond ?? 0;
      if (tokensPerSecond <= best.tokensPerSecond) continue;
      best = { mode, rows, tokensPerSecond, speedup: tokensPerSecond / plain };
    }
  }
  return { ...best, reason: reasonFor(best, table) };
}

function reasonFor(
  { mode, rows, speedup }: Omit<TuningChoice, 'reason'>,
  table: readonly TuningRow[],
): string {
  if (mode !== 'plain') {
    const row = table.find((each) => each.rows === rows);
    const tau = (mode === 'ppd-paper' ? row?.paper : row?.optimal)?.tau ?? 1;
    return `Trees of ${rows} rows are expected to bring ${tau.toFixed(2)} tokens a step in the time that plain decoding takes for ${(tau / speedup).toFixed(2)}.`;
  }
  return table.some((row) => row.optimal !== null)
    ? 'On this device no tree of prompt tokens brings more tokens than plain decoding does in its time.'
    : 'This model has no prompt tokens: n-gram chains are used where they prove to pay.';
}
