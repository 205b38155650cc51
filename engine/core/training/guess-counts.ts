import type { TokenRow } from '../decode/decoder.ts';
import type { Accuracies } from '../tree/accuracies.ts';
import { at } from '../tree/at.ts';
import {
  calibrationSamples,
  fitCalibration,
  type Calibration,
  type CalibrationSample,
} from '../tree/calibration.ts';

/** Ranks that the calibration is fitted on: those that adaptive trees consider. */
const CALIBRATED_RANKS = 10;

/** What counts as "everything before was right" for p(d, r): the truth was among so many guesses. */
const ACCEPTED_RANKS = 10;

/** How good the guesses of prompt tokens were, counted over known continuations. */
export class GuessCounts {
  readonly #ranks: number;
  readonly #all: Tally;
  readonly #reached: Tally;
  readonly #samples: CalibrationSample[] = [];

  constructor(distances: number, ranks: number) {
    this.#ranks = ranks;
    this.#all = new Tally(distances, ranks);
    this.#reached = new Tally(distances, ranks);
  }

  /** Guesses of the nearest distance that have been counted. */
  get positions(): number {
    return this.#all.total(1);
  }

  /**
   * @param guesses `[d - 1]`: the guess at distance d.
   * @param tokens `[d - 1]`: what came there; may be shorter.
   */
  add(guesses: readonly TokenRow[], tokens: readonly number[]): void {
    const ranks = guesses
      .slice(0, tokens.length)
      .map(({ ids }, index) => ids.indexOf(at(tokens, index)));
    const missed = ranks.findIndex((rank) => rank < 0 || rank >= ACCEPTED_RANKS);
    const reached = missed < 0 ? ranks.length : missed + 1;
    ranks.forEach((rank, index) => {
      this.#all.add(index + 1, rank);
      if (index < reached) this.#reached.add(index + 1, rank);
    });
    this.#samples.push(...calibrationSamples(guesses, tokens.slice(0, reached), CALIBRATED_RANKS));
  }

  /** At each distance whatever came before, as published figures are counted. */
  marginal(): Accuracies {
    return this.#all.shares(this.#ranks);
  }

  /** p(d, r) for trees: given that the guesses at all nearer distances held the truth. */
  conditional(): Accuracies {
    return this.#reached.shares(this.#ranks);
  }

  calibration(): Calibration {
    return fitCalibration(this.#samples, this.#all.distances);
  }
}

/** Share of guesses whose truth was among the first `ranks`, by distance. */
export function topShares(accuracies: Accuracies, ranks: number): readonly number[] {
  return accuracies.map((row) => row.slice(0, ranks).reduce((sum, p) => sum + p, 0));
}

class Tally {
  readonly #hits: readonly Float64Array[];
  readonly #totals: Float64Array;

  constructor(distances: number, ranks: number) {
    this.#hits = Array.from({ length: distances }, () => new Float64Array(ranks));
    this.#totals = new Float64Array(distances);
  }

  get distances(): number {
    return this.#totals.length;
  }

  total(distance: number): number {
    return at(this.#totals, distance - 1);
  }

  /** @param rank Negative where none was right. */
  add(distance: number, rank: number): void {
    const hits = at(this.#hits, distance - 1);
    this.#totals[distance - 1] = at(this.#totals, distance - 1) + 1;
    if (rank >= 0 && rank < hits.length) hits[rank] = at(hits, rank) + 1;
  }

  shares(ranks: number): Accuracies {
    return this.#hits.map((hits, index) =>
      Array.from({ length: ranks }, (_, rank) => at(hits, rank) / Math.max(1, this.total(index + 1))),
    );
  }
}
