import { ratioWithInterval, seededRandom } from '../metrics/percentiles.ts';
import { clustersOf } from './clusters.ts';
import { sum, type BenchSample } from './sample.ts';

/** Of the candidates at one distance behind the next token. */
export interface DistanceReport {
  /** From 1. */
  readonly distance: number;
  /** Steps whose tree reached this far. */
  readonly guessed: number;
  /** Steps that accepted a candidate here, hence one at every smaller distance too. */
  readonly accepted: number;
}

/** Tau, with its 95 % bootstrap interval: see `clustersOf`. */
export interface AcceptanceLength {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Tokens over steps of all runs; 0 where there was no step. */
export function acceptanceLength(samples: readonly BenchSample[]): AcceptanceLength {
  const counts = clustersOf(samples, ({ prompt }) => prompt).map((runs) => ({
    numerator: sum(runs.map(({ tokens }) => tokens.length)),
    denominator: sum(runs.map(({ steps }) => steps)),
  }));
  const estimate = ratioWithInterval(counts, { random: seededRandom(counts.length) });
  if (estimate === null) return { mean: 0, low: 0, high: 0 };
  return { mean: estimate.ratio, low: estimate.low, high: estimate.high };
}

/** Up to the largest distance that any tree reached; empty where nothing was guessed. */
export function acceptanceByDistance(samples: readonly BenchSample[]): readonly DistanceReport[] {
  const steps = samples.flatMap(({ stepLog }) => stepLog);
  const reach = steps.reduce((deepest, { guessed }) => Math.max(deepest, guessed), 0);
  return Array.from({ length: reach }, (_, index) => ({
    distance: index + 1,
    guessed: sum(steps.map(({ guessed }) => (guessed > index ? 1 : 0))),
    accepted: sum(steps.map(({ accepted }) => (accepted > index ? 1 : 0))),
  }));
}
