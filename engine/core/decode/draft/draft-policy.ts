import { AdaptivePolicy, type AdaptivePolicyInput } from '../../tree/adaptive-policy.ts';
import type { ChainOfGuesses } from '../../tree/candidate-source.ts';
import type { NgramIndex } from '../../tree/ngram-index.ts';
import { optimalPlan } from '../../tree/optimal-tree.ts';
import type { TreePolicy } from '../../tree/tree-policy.ts';
import type { DecodingMethod } from '../decoding-method.ts';
import { LimitedPolicy } from '../limited-policy.ts';
import { treeProblem, type GuessQuality, type PassCosts } from '../method-policy.ts';

/** The target's own prompt tokens, and what its passes with them cost. */
export interface TargetPrompts {
  readonly quality: GuessQuality;
  readonly costs: PassCosts;
}

export interface DraftPolicyInput {
  readonly method: DecodingMethod;
  /** `[n]`: the target's pass over n rows, as long as a pass may be. */
  readonly latencyMs: readonly number[];
  /** At which tokens and time are exchanged now. */
  readonly tokensPerMs: () => number;
  /** The draft of the step that is planned. */
  readonly drafted: () => readonly ChainOfGuesses[];
  readonly ngrams: NgramIndex;
  /** Null: the tree is of drafts, and of n-gram chains where the method has them. */
  readonly prompts: TargetPrompts | null;
}

/**
 * What the target verifies where a draft is asked: one tree of everything that the method has. Prompt
 * tokens get a row where it is worth its time at the rate that the draft and all else come to.
 */
export function draftPolicy(input: DraftPolicyInput): TreePolicy {
  const { method, prompts, latencyMs } = input;
  const depth = Math.min(method.depth, method.targetPrompts);
  if (prompts === null || depth === 0) return adaptive(input, { ...NO_GUESSES, latencyMs });
  const { quality, costs } = prompts;
  const rows = Math.min(latencyMs.length, costs.steadyMs.length, costs.mixedMs.length) - 1;
  const mixedMs = costs.mixedMs.slice(0, rows + 1);
  const problem = treeProblem(quality, depth, method.topK, mixedMs);
  const policy = adaptive(input, {
    calibration: quality.calibration,
    ranks: method.topK,
    ensemble: quality.ensemble,
    values: optimalPlan(problem).values,
    latencyMs: costs.steadyMs.slice(0, rows + 1),
    mixedMs,
  });
  return new LimitedPolicy(policy, { depth: problem.states, rows });
}

const NO_GUESSES = { calibration: null, ensemble: 1, values: new Float64Array(1) } as const;

type Guessing = Omit<AdaptivePolicyInput, 'tokensPerMs' | 'furtherChains' | 'ngrams'>;

function adaptive(
  { method, tokensPerMs, drafted, ngrams }: DraftPolicyInput,
  guessing: Guessing,
): TreePolicy {
  return new AdaptivePolicy({
    ...guessing,
    // A getter: the rate changes from step to step.
    get tokensPerMs() {
      return tokensPerMs();
    },
    furtherChains: drafted,
    ...(method.ngram && { ngrams }),
  });
}
