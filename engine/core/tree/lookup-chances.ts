import { at } from './at.ts';
import type { GuessSource } from './ngram-index.ts';

/** On which grounds a guess stands. */
export interface LookupCase {
  /** Tokens that matched, from 2. */
  readonly match: number;
  /** Occurrences that went on with the guess, of `total` in all. */
  readonly votes: number;
  readonly total: number;
  readonly source: GuessSource;
}

/** Shortest match of each row. */
const MATCHES = [2, 3, 4, 5, 7, 10, 16] as const;

/**
 * How likely a guess is right, before anything is seen. Columns: one occurrence, all of several, most
 * of them, at most half.
 *
 * Measured on 10,448 tokens of greedy continuations that the embedded model wrote for 264 held-out
 * prompts (TypeScript, JavaScript, Python; two fifths of them to be filled in): who repeats himself goes
 * on doing so, while a copy of the text ends any moment.
 */
const GIVEN: readonly (readonly number[])[] = [
  [0.55, 0.83, 0.36, 0.29],
  [0.75, 0.89, 0.8, 0.43],
  [0.81, 0.93, 0.7, 0.58],
  [0.88, 0.91, 0.8, 0.5],
  [0.91, 0.96, 0.83, 0.57],
  [0.87, 0.96, 0.88, 0.54],
  [0.77, 0.9, 0.85, 0.4],
];
const WRITTEN: readonly (readonly number[])[] = [
  [0.78, 0.85, 0.7, 0.51],
  [0.92, 0.94, 0.9, 0.74],
  [0.91, 0.955, 0.95, 0.87],
  [0.91, 0.95, 0.97, 0.65],
  [0.97, 0.98, 0.985, 0.84],
  [0.98, 0.99, 0.95, 0.93],
  [0.985, 0.997, 0.995, 0.97],
];
/**
 * Measured on 8,696 completions by the embedded model, one for each keystroke of typing three lines at
 * places of this repository that were drawn at random.
 */
const RECALLED: readonly (readonly number[])[] = [
  [0.56, 0.8, 0.55, 0.44],
  [0.59, 0.86, 0.63, 0.51],
  [0.68, 0.91, 0.74, 0.56],
  [0.82, 0.94, 0.79, 0.57],
  [0.9, 0.97, 0.86, 0.72],
  [0.985, 0.99, 0.94, 0.92],
  [0.995, 0.999, 0.99, 0.96],
];
/** In the order of `SOURCES`. */
const PRIOR: readonly (readonly number[])[] = [...GIVEN, ...WRITTEN, ...RECALLED];
const SOURCES: readonly GuessSource[] = ['given', 'written', 'recalled'];
const COLUMNS = 4;

/** Observations that the prior is worth, and after how many an earlier one counts half. */
const PRIOR_WEIGHT = 24;
const HALF_LIFE = 400;

/** The chances of prompt lookup; what the model at hand does is learnt while decoding. */
export class LookupChances {
  readonly #hits = new Float64Array(PRIOR.length * COLUMNS);
  readonly #totals = new Float64Array(PRIOR.length * COLUMNS);

  /** The number of a case. */
  cell({ match, votes, total, source }: LookupCase): number {
    let row = MATCHES.length - 1;
    while (row > 0 && at(MATCHES, row) > match) row -= 1;
    const first = SOURCES.indexOf(source) * MATCHES.length;
    return (first + row) * COLUMNS + columnOf(votes, total);
  }

  chance(cell: number): number {
    const prior = at(at(PRIOR, Math.floor(cell / COLUMNS)), cell % COLUMNS);
    const weight = PRIOR_WEIGHT + at(this.#totals, cell);
    return (prior * PRIOR_WEIGHT + at(this.#hits, cell)) / weight;
  }

  observe(cell: number, hit: boolean): void {
    const keep = 0.5 ** (1 / HALF_LIFE);
    this.#hits[cell] = at(this.#hits, cell) * keep + Number(hit);
    this.#totals[cell] = at(this.#totals, cell) * keep + 1;
  }
}

function columnOf(votes: number, total: number): number {
  if (votes === total) return total === 1 ? 0 : 1;
  return votes * 2 > total ? 2 : 3;
}
