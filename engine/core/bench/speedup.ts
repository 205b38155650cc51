import { median, percentile, seededRandom } from '../metrics/percentiles.ts';
import { isTimed, tokensPerSecond, type BenchSample, type Interval } from './sample.ts';

/**
 * Median of the ratios of a mode's rates to plain decoding's. A pair of samples took turns on the
 * machine, so the ratio of their rates is free of its slow drift.
 */
export function speedupOver(
  plain: readonly BenchSample[],
  samples: readonly BenchSample[],
): Interval {
  const partners = new Map(plain.filter(isTimed).map((each) => [key(each), each]));
  const ratios = samples.filter(isTimed).flatMap((each) => {
    const partner = partners.get(key(each));
    return partner === undefined ? [] : [tokensPerSecond(each) / tokensPerSecond(partner)];
  });
  return medianWithInterval(ratios);
}

const BOOTSTRAP_RESAMPLES = 1000;

/** The median and its 95 % percentile-bootstrap interval (Efron 1979); 0 without values. */
function medianWithInterval(values: readonly number[]): Interval {
  const random = seededRandom(values.length);
  const medians = Array.from({ length: BOOTSTRAP_RESAMPLES }, () => {
    const drawn = values.map(() => values[Math.floor(random() * values.length)] ?? 0);
    return median(drawn) ?? 0;
  });
  return {
    median: median(values) ?? 0,
    low: percentile(medians, 2.5) ?? 0,
    high: percentile(medians, 97.5) ?? 0,
  };
}

function key(sample: BenchSample): string {
  return `${sample.prompt}/${sample.run}`;
}
