import type { Accuracies } from '../tree/accuracies.ts';
import { AdaptivePolicy, CHAINS } from '../tree/adaptive-policy.ts';
import { prunedTrees } from '../tree/build-tree.ts';
import type { Calibration } from '../tree/calibration.ts';
import { forwardLength, type RankTree } from '../tree/candidate-tree.ts';
import { chainFigures, stateChain, tauOf } from '../tree/markov-chain.ts';
import { LookupChances } from '../tree/lookup-chances.ts';
import type { NgramIndex } from '../tree/ngram-index.ts';
import { optimalPlan, type OptimiseInput } from '../tree/optimal-tree.ts';
import { StaticPolicy, type TreePolicy } from '../tree/tree-policy.ts';
import { isPlain, type DecodingMethod } from './decoding-method.ts';
import { LimitedPolicy } from './limited-policy.ts';
import { MergingPolicy } from './merging-policy.ts';

/** What is known of the prompt tokens at hand. */
export interface GuessQuality {
  /** E. */
  readonly ensemble: number;
  /** p(d, r) for d from 1 to m. */
  readonly accuracies: Accuracies;
  readonly calibration: Calibration;
}

/** `[n]`: cost of a pass over n rows; as in `DeviceProfile`. */
export interface PassCosts {
  readonly steadyMs: readonly number[];
  readonly mixedMs: readonly number[];
}

export interface PolicyInput {
  readonly method: DecodingMethod;
  /** Null where there are no prompt tokens; the method then uses none. */
  readonly prompts: GuessQuality | null;
  /** What a pass costs here; in milliseconds or any other unit. */
  readonly costs: PassCosts;
  /** Holds the prompt; kept up to date by the policy where the method looks things up. */
  readonly ngrams: NgramIndex;
  /** What was learnt of n-gram chains; outlives the policy where it is given. */
  readonly lookupChances?: LookupChances;
}

/** The policy that a method comes to with these prompt tokens on this device. */
export function methodPolicy(input: PolicyInput): TreePolicy {
  const { method, prompts, ngrams, lookupChances = new LookupChances() } = input;
  const costs = usefulCosts(method, input.costs);
  const rows = costs.mixedMs.length - 1;
  const prices = { latencyMs: costs.steadyMs, mixedMs: costs.mixedMs };
  const depth = depthOf(method);
  if (prompts === null || depth === 0) {
    return ngramPolicy(method, prices, { ngrams, lookupChances });
  }
  const problem = treeProblem(prompts, depth, method.topK, costs.mixedMs);
  const limits = { depth: problem.states, rows };
  const chains = chainLimits(method, rows);
  if (method.shape === 'adaptive') {
    const { values, tokensPerSecond } = optimalPlan(problem);
    const policy = new AdaptivePolicy({
      calibration: prompts.calibration,
      ranks: method.topK,
      ensemble: prompts.ensemble,
      values,
      tokensPerMs: tokensPerSecond / 1000,
      ...prices,
      ...(method.ngram && { ngrams, lookupChances, chains }),
    });
    return new LimitedPolicy(policy, limits);
  }
  const fixed = new LimitedPolicy(new StaticPolicy(fixedTrees(method, problem)), limits);
  const { ensemble } = prompts;
  return method.ngram
    ? new MergingPolicy({ policy: fixed, ngrams, chains, ensemble, rows })
    : fixed;
}

/** Tokens of a step that a method's fixed trees promise; null where they follow the text. */
export function promisedTau({
  method,
  prompts,
  costs,
}: Omit<PolicyInput, 'ngrams'>): number | null {
  if (isPlain(method)) return 1;
  if (prompts === null || method.shape === 'adaptive' || method.ngram) return null;
  const { mixedMs } = usefulCosts(method, costs);
  const problem = treeProblem(prompts, depthOf(method), method.topK, mixedMs);
  return tauOf(fixedTrees(method, problem), problem.accuracies);
}

/** Prompt tokens beyond the depth would guess tokens that no candidate may stand for. */
function depthOf({ depth, promptTokens }: DecodingMethod): number {
  return Math.min(depth, promptTokens);
}

function fixedTrees({ shape }: DecodingMethod, problem: OptimiseInput): readonly RankTree[] {
  return shape === 'paper' ? bestPaperTrees(problem) : optimalPlan(problem).trees;
}

/** No step yields more tokens than this on average, so a pass that costs as much cannot pay. */
const MOST_TAU = 8;

/** Costs of the passes that a method may make and that can pay. */
function usefulCosts({ nodeBudget }: DecodingMethod, { steadyMs, mixedMs }: PassCosts): PassCosts {
  const first = mixedMs[1] ?? 0;
  const tooLong = mixedMs.findIndex((cost, n) => n > 1 && cost > MOST_TAU * first);
  const longest = tooLong < 0 ? mixedMs.length - 1 : tooLong - 1;
  const end = Math.min(nodeBudget, longest) + 1;
  return { steadyMs: steadyMs.slice(0, end), mixedMs: mixedMs.slice(0, end) };
}

/** A step without a match is a plain one, so the rate is that of plain decoding. */
function ngramPolicy(
  method: DecodingMethod,
  prices: { readonly latencyMs: readonly number[]; readonly mixedMs: readonly number[] },
  lookups: Required<Pick<PolicyInput, 'ngrams' | 'lookupChances'>>,
): TreePolicy {
  return new AdaptivePolicy({
    calibration: null,
    ensemble: 1,
    values: new Float64Array(1),
    tokensPerMs: 1 / (prices.latencyMs[1] ?? 1),
    ...prices,
    ...lookups,
    chains: { ...chainLimits(method, prices.latencyMs.length - 1), count: 1 },
  });
}

function chainLimits(
  method: DecodingMethod,
  rows: number,
): { readonly length: number; readonly count: number } {
  return { length: Math.min(CHAINS.length, method.depth, rows - 1), count: CHAINS.count };
}

/** The first m prompt tokens, and the first ranks of each, as a problem for the optimiser. */
export function treeProblem(
  { accuracies, ensemble }: GuessQuality,
  promptTokens: number,
  topK: number,
  latencyMs: readonly number[],
): OptimiseInput {
  const used = accuracies.slice(0, promptTokens).map((row) => row.slice(0, topK));
  return { accuracies: used, states: used.length, ensemble, latencyMs };
}

/** Lengths that the paper's builder is tried at: its cost grows with their square. */
const PAPER_LENGTHS = [
  2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 96, 128,
] as const;

/** The paper's construction at the size of most tokens per time: its hardware awareness. */
function bestPaperTrees(problem: OptimiseInput): readonly RankTree[] {
  const { latencyMs, accuracies, ensemble } = problem;
  let best: { readonly rate: number; readonly trees: readonly RankTree[] } | null = null;
  for (const length of PAPER_LENGTHS) {
    if (length >= latencyMs.length) break;
    const trees = prunedTrees({ ...problem, length });
    const costs = trees.map((tree) => latencyMs[forwardLength(tree, ensemble)] ?? Infinity);
    const { rate } = chainFigures(stateChain(trees, accuracies), costs);
    if (best === null || rate > best.rate) best = { rate, trees };
  }
  return best?.trees ?? prunedTrees({ ...problem, length: 1 });
}
