import type { TokenRow } from '../decode/decoder.ts';
import { OnlineAccuracies } from './accuracies.ts';
import { growTree } from './adaptive-tree.ts';
import { at } from './at.ts';
import { calibratedChances, type Calibration } from './calibration.ts';
import { chainTrie, type ChainOfGuesses, type Guess } from './candidate-source.ts';
import { rootTree, type TokenTree } from './candidate-tree.ts';
import type { Chain, NgramIndex } from './ngram-index.ts';
import type { PlanInput, TreePolicy } from './tree-policy.ts';

export interface AdaptivePolicyInput {
  /** Turns guesses into chances; without it (or without guesses) n-grams alone fill the tree. */
  readonly calibration: Calibration | null;
  /** Ranks of a guess that are considered. */
  readonly ranks?: number;
  /** E. */
  readonly ensemble: number;
  /** h_0..h_m and the rate of the best static plan (`TreePlan`); [0] where m = 0. */
  readonly values: Float64Array;
  readonly tokensPerMs: number;
  /** `[n]`: milliseconds of a pass over n rows. */
  readonly latencyMs: readonly number[];
  /** Holds the prompt, the root last, and is kept up to date here. */
  readonly ngrams?: NgramIndex;
  readonly chains?: { readonly length: number; readonly count: number };
  /** Chains of another source for the step that is planned, with their chances: a draft model's. */
  readonly furtherChains?: () => readonly ChainOfGuesses[];
}

const RANKS = 10;
const CHAINS = { length: 12, count: 4 };

/** Chance that a chain's next token is right after a match of 1, 2, ... tokens, before any is seen. */
const CHAIN_PRIOR = [0.3, 0.45, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92];

/** A tree grown for each step from guesses of prompt tokens, n-gram chains, or both merged. */
export class AdaptivePolicy implements TreePolicy {
  readonly #input: AdaptivePolicyInput;
  /** By match length (as "distance"), one rank: how often chains went on as proposed. */
  readonly #chainChances: OnlineAccuracies;
  #chains: readonly Chain[] = [];

  constructor(input: AdaptivePolicyInput) {
    this.#input = input;
    this.#chainChances = new OnlineAccuracies({
      prior: CHAIN_PRIOR.map((chance) => [chance]),
      priorWeight: 8,
    });
  }

  plan({ root, guesses, maxLength, isEnd }: PlanInput): TokenTree {
    const { ngrams, chains = CHAINS } = this.#input;
    this.#chains = ngrams?.propose(chains) ?? [];
    const canGuess = guesses.length > 0 || this.#input.values.length > 1;
    const known = [
      ...this.#chains.map((chain) => this.#weigh(chain)),
      ...(this.#input.furtherChains?.() ?? []),
    ];
    if (known.length === 0 && !canGuess) return rootTree(root);
    const { tree } = growTree({
      ...this.#input,
      root,
      guesses: this.#calibrated(guesses).map((row) => row.filter(({ token }) => !isEnd(token))),
      chains: known.length === 0 ? null : chainTrie(known),
      maxLength,
    });
    return tree;
  }

  observe(tokens: readonly number[]): void {
    const first = this.#chains[0];
    for (const [index, token] of (first?.tokens ?? []).entries()) {
      if (first === undefined || index >= tokens.length) break;
      const hit = tokens[index] === token;
      this.#chainChances.observe(matchBucket(first.match + index), hit ? 0 : null);
      if (!hit) break;
    }
    this.#chains = [];
    this.#input.ngrams?.push(tokens);
  }

  #calibrated(guesses: readonly TokenRow[]): readonly (readonly Guess[])[] {
    const { calibration, ranks = RANKS } = this.#input;
    if (calibration === null) return [];
    return guesses.map((row, index) =>
      calibratedChances(calibration, index + 1, row, ranks).map((chance, rank) => ({
        token: at(row.ids, rank),
        chance,
      })),
    );
  }

  /** Every token that was right makes the match one longer. */
  #weigh({ tokens, match }: Chain): ChainOfGuesses {
    const chances = this.#chainChances.table();
    return tokens.map((token, index) => ({
      token,
      chance: at(at(chances, matchBucket(match + index) - 1), 0),
    }));
  }
}

function matchBucket(match: number): number {
  return Math.min(match, CHAIN_PRIOR.length);
}
