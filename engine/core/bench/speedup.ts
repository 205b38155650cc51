import {
  bootstrapInterval,
  median,
  ratioWithInterval,
  seededRandom,
} from '../metrics/percentiles.ts';
import { clustersOf } from './clusters.ts';
import { isTimed, sum, tokensPerSecond, type BenchSample, type Interval } from './sample.ts';

/** Decodes of one prompt in one run. They took turns, so slow drift of the machine falls on both. */
interface Pair {
  readonly plain: BenchSample;
  readonly other: BenchSample;
}

/** Fewer than for ratios of sums, because each sorts. */
const MEDIAN_RESAMPLES = 1000;

/**
 * Median, over all paired runs, of the ratio of a mode's rate to plain decoding's. Its 95 % interval
 * is a cluster bootstrap: see `clustersOf`. 0 without pairs.
 */
export function speedupOver(
  plain: readonly BenchSample[],
  samples: readonly BenchSample[],
): Interval {
  const clusters = pairClusters(plain, samples).map((pairs) => pairs.map(ratioOfRates));
  const medianOf = (drawn: readonly number[][]): number | null => median(drawn.flat());
  const random = seededRandom(clusters.length);
  const interval = bootstrapInterval(clusters, medianOf, { random, resamples: MEDIAN_RESAMPLES });
  return { median: medianOf(clusters) ?? 0, ...(interval ?? { low: 0, high: 0 }) };
}

/**
 * How many times as fast decoding is in all: plain decoding's total time over the mode's, over all
 * paired runs. With the time P and the p tokens of a plain run, and M and m of the mode's run,
 *
 *     sum(P) / sum(M * p / m)
 *
 * The mode is charged for as many tokens as plain decoding wrote, at its own time per token. Where the
 * texts are the same, p = m, this is the ratio of the total times, and of the total times per token:
 * (sum(P) / sum(p)) / (sum(M) / sum(m)). Where a text parts, the prompts keep their weights. A prompt's
 * sums over its runs are drawn together for the 95 % interval: see `clustersOf`. Null without pairs.
 */
export function totalSpeedupOver(
  plain: readonly BenchSample[],
  samples: readonly BenchSample[],
): Interval | null {
  const times = pairClusters(plain, samples).map((pairs) => ({
    numerator: sum(pairs.map((pair) => pair.plain.decodeMs)),
    denominator: sum(pairs.map(msForPlainTokens)),
  }));
  const estimate = ratioWithInterval(times, { random: seededRandom(times.length) });
  return estimate && { median: estimate.ratio, low: estimate.low, high: estimate.high };
}

function pairClusters(plain: readonly BenchSample[], samples: readonly BenchSample[]) {
  return clustersOf(pairsOf(plain, samples), (pair) => pair.plain.prompt);
}

function pairsOf(plain: readonly BenchSample[], samples: readonly BenchSample[]): readonly Pair[] {
  const partners = new Map(plain.filter(isTimed).map((each) => [key(each), each]));
  return samples.filter(isTimed).flatMap((other) => {
    const partner = partners.get(key(other));
    return partner === undefined ? [] : [{ plain: partner, other }];
  });
}

function ratioOfRates({ plain, other }: Pair): number {
  return tokensPerSecond(other) / tokensPerSecond(plain);
}

function msForPlainTokens({ plain, other }: Pair): number {
  return other.decodeMs * (plain.tokens.length / other.tokens.length);
}

function key(sample: BenchSample): string {
  return `${sample.prompt}/${sample.run}`;
}
