import { at } from './at.ts';

/**
 * p(d, r): how often the r-th ranked guess (from 0) for the token at distance d (from 1) is right,
 * at `[d - 1][r]`, given that everything before it was. PPD section 3.2, ppd.md section 4.
 */
export type Accuracies = readonly (readonly number[])[];

const ROUNDING = 1e-9;

/** What is wrong with a table, or null. Ranks need not fall, but a row cannot be right twice. */
export function accuraciesFault(table: Accuracies): string | null {
  for (const [index, row] of table.entries()) {
    const where = `distance ${index + 1}`;
    if (!row.every((p) => p >= 0 && p <= 1)) return `${where}: an accuracy outside 0 to 1`;
    if (row.reduce((sum, p) => sum + p, 0) > 1 + ROUNDING) return `${where}: sum above 1`;
  }
  return null;
}

/**
 * A row of `ranks` accuracies that fall as a power of the rank, so that the first is `top1` and the
 * first ten add up to `top10`. The published figures give no more than these two; where more can be
 * recovered (ranks 2 and 3 of Vicuna-7B at distance 1) the power law is within 0.003.
 */
export function powerLawRow(top1: number, top10: number, ranks = 10): readonly number[] {
  const row = (exponent: number, length: number): number[] =>
    Array.from({ length }, (_, rank) => top1 * (rank + 1) ** -exponent);
  let low = 0;
  let high = 20;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    const sum = row(middle, 10).reduce((total, p) => total + p, 0);
    if (sum > top10) low = middle;
    else high = middle;
  }
  return row(high, ranks);
}

export interface OnlineAccuraciesOptions {
  /** Believed until observed otherwise. */
  readonly prior: Accuracies;
  /** Observations that the prior is worth. */
  readonly priorWeight?: number;
  /** Observations of a distance after which an earlier one counts half. */
  readonly halfLife?: number;
}

/**
 * p(d, r) re-estimated while decoding: exponentially forgetting counts around a prior. Keep one for
 * each bucket (e.g. by language) in a Map of your own.
 */
export class OnlineAccuracies {
  readonly #prior: Accuracies;
  readonly #priorWeight: number;
  readonly #keep: number;
  readonly #hits: readonly Float64Array[];
  readonly #totals: Float64Array;

  constructor({ prior, priorWeight = 50, halfLife = 500 }: OnlineAccuraciesOptions) {
    const fault = accuraciesFault(prior);
    if (fault !== null) throw new RangeError(fault);
    this.#prior = prior;
    this.#priorWeight = priorWeight;
    this.#keep = 0.5 ** (1 / halfLife);
    this.#hits = prior.map((row) => new Float64Array(row.length));
    this.#totals = new Float64Array(prior.length);
  }

  /** @param rank The rank that was right, or null where none of the guesses was. */
  observe(distance: number, rank: number | null): void {
    const hits = this.#hits[distance - 1];
    if (hits === undefined) return;
    for (let index = 0; index < hits.length; index += 1) hits[index] = at(hits, index) * this.#keep;
    this.#totals[distance - 1] = at(this.#totals, distance - 1) * this.#keep + 1;
    if (rank !== null && rank < hits.length) hits[rank] = at(hits, rank) + 1;
  }

  /** Lets everything observed so far count less: `keep` times as much. */
  fade(keep: number): void {
    for (const [index, hits] of this.#hits.entries()) {
      this.#totals[index] = at(this.#totals, index) * keep;
      for (let rank = 0; rank < hits.length; rank += 1) hits[rank] = at(hits, rank) * keep;
    }
  }

  table(): Accuracies {
    return this.#prior.map((row, index) => {
      const weight = this.#priorWeight + at(this.#totals, index);
      const hits = at(this.#hits, index);
      return row.map((p, rank) => (p * this.#priorWeight + at(hits, rank)) / weight);
    });
  }
}

/**
 * Counts what a step's guesses came to. Distances whose token is not known yet are left out, so a
 * distance counts only where everything before it was right: what p(d, r) is to mean.
 *
 * @param guesses `[d - 1]`: ids by rank.
 * @param tokens What came out, from distance 1.
 */
export function observeGuesses(
  accuracies: OnlineAccuracies,
  guesses: readonly { readonly ids: Int32Array }[],
  tokens: readonly number[],
): void {
  for (const [index, { ids }] of guesses.slice(0, tokens.length).entries()) {
    const rank = ids.indexOf(at(tokens, index));
    accuracies.observe(index + 1, rank < 0 ? null : rank);
  }
}
