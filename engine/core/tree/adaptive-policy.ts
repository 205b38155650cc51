import type { TokenRow } from '../decode/decoder.ts';
import { growTree } from './adaptive-tree.ts';
import { at } from './at.ts';
import { calibratedChances, type Calibration } from './calibration.ts';
import { chainTrie, type ChainOfGuesses, type Guess } from './candidate-source.ts';
import { chainTree, forwardLength, type TokenTree } from './candidate-tree.ts';
import { LookupChances } from './lookup-chances.ts';
import { lookup, type LookupChain, type LookupOptions } from './lookup.ts';
import type { NgramIndex } from './ngram-index.ts';
import { PassPrices } from './pass-prices.ts';
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
  /** `[n]`: milliseconds of a pass over n rows, as in `DeviceProfile.steadyMs`. */
  readonly latencyMs: readonly number[];
  /** As in `DeviceProfile`; the same as `latencyMs` unless told. */
  readonly mixedMs?: readonly number[];
  /** Holds the prompt, the root last, and is kept up to date here. */
  readonly ngrams?: NgramIndex;
  /** What was learnt of n-gram chains; outlives the policy where it is given. */
  readonly lookupChances?: LookupChances;
  readonly chains?: LookupOptions;
  /** Chains of another source for the step that is planned, with their chances: a draft model's. */
  readonly furtherChains?: () => readonly ChainOfGuesses[];
}

const RANKS = 10;
/** N-gram chains are no longer than this, and no more, unless told. */
export const CHAINS: LookupOptions = { length: 15, count: 4 };

/** A tree grown for each step from guesses of prompt tokens, n-gram chains, or both merged. */
export class AdaptivePolicy implements TreePolicy {
  readonly #input: AdaptivePolicyInput;
  readonly #lookupChances: LookupChances;
  readonly #prices: PassPrices;
  #chains: readonly LookupChain[] = [];
  /** Whether the planned pass also evaluates a part of the prompt. */
  #reads = false;

  constructor(input: AdaptivePolicyInput) {
    this.#input = input;
    this.#lookupChances = input.lookupChances ?? new LookupChances();
    this.#prices = new PassPrices(input.latencyMs, input.mixedMs);
  }

  plan(input: PlanInput): TokenTree {
    const tree = this.#grow(input);
    this.#reads = (input.reads ?? 0) > 0;
    // What the prompt costs says nothing of the rate.
    if (!this.#reads) this.#prices.planned(forwardLength(tree, this.#input.ensemble));
    return tree;
  }

  observe(tokens: readonly number[]): void {
    this.#learn(tokens);
    if (!this.#reads) this.#prices.yielded(tokens.length);
    this.#chains = [];
    this.#input.ngrams?.push(tokens);
  }

  #grow({ root, guesses, maxLength, wanted = Infinity, isEnd, reads = 0 }: PlanInput): TokenTree {
    const { ngrams, chains = CHAINS, values, ensemble } = this.#input;
    this.#chains = ngrams === undefined ? [] : lookup(ngrams, this.#lookupChances, chains);
    const canGuess = guesses.length > 0 || values.length > 1;
    const known = [
      ...this.#chains.map(({ guesses: chain }) => untilEnd(chain, isEnd)),
      ...(this.#input.furtherChains?.() ?? []),
    ];
    if (!canGuess && known.length <= 1) {
      return this.#cutChain(root, known[0] ?? [], Math.min(maxLength, wanted), reads);
    }
    return growTree({
      ensemble,
      values,
      tokensPerMs: this.#tokensPerMs(),
      latencyMs: this.#prices.behind(reads),
      root,
      guesses: this.#calibrated(guesses).map((row) => row.filter(({ token }) => !isEnd(token))),
      chains: known.length === 0 ? null : chainTrie(known),
      maxLength,
    }).tree;
  }

  /**
   * Where one chain is all there is, it is cut to a length of the ladder: every other length would be
   * another shape of batch, and going from shape to shape costs more than it gains. Where the pass reads
   * a part of the prompt its shape is another in any case.
   */
  #cutChain(root: number, chain: ChainOfGuesses, maxLength: number, reads: number): TokenTree {
    const latencyMs = this.#prices.behind(reads);
    const rate = this.#tokensPerMs();
    const most = Math.min(chain.length, maxLength - 1, latencyMs.length - 2);
    let reach = 1;
    let gain = 0;
    let best = { length: 0, net: -rate * at(latencyMs, 1) };
    for (let length = 1; length <= most; length += 1) {
      reach *= at(chain, length - 1).chance;
      gain += reach;
      const rows = length + 1;
      const net = gain - rate * at(latencyMs, rows);
      if ((reads > 0 || isOnLadder(rows)) && net > best.net) best = { length, net };
    }
    return chainTree(
      root,
      chain.slice(0, best.length).map(({ token }) => token),
    );
  }

  /**
   * The rate that decoding goes on with, at which tokens and time are exchanged (Dinkelbach): what was
   * foreseen, or what the steps have yielded where chains made it better. A draft model's time is not
   * in the passes, so with it the caller knows best.
   */
  #tokensPerMs(): number {
    const { tokensPerMs, furtherChains } = this.#input;
    if (furtherChains !== undefined) return tokensPerMs;
    return Math.max(tokensPerMs, this.#prices.tokensPerMs ?? 0);
  }

  /** What the likeliest chain came to, as far as everything before was right. */
  #learn(tokens: readonly number[]): void {
    const first = this.#chains[0];
    if (first === undefined) return;
    const known = Math.min(first.guesses.length, tokens.length);
    for (let index = 0; index < known; index += 1) {
      const hit = tokens[index] === at(first.guesses, index).token;
      this.#lookupChances.observe(at(first.cells, index), hit);
      if (!hit) return;
    }
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
}

/** End tokens come out as the bonus token; rows of their own gain nothing. */
function untilEnd(chain: ChainOfGuesses, isEnd: (token: number) => boolean): ChainOfGuesses {
  const end = chain.findIndex(({ token }) => isEnd(token));
  return end < 0 ? chain : chain.slice(0, end);
}

/** 1, 2, 4, 8, ...: the lengths of passes that chains use. */
function isOnLadder(rows: number): boolean {
  return (rows & (rows - 1)) === 0;
}
