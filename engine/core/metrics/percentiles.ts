/** Medians, percentiles, and ratios with their uncertainty. */

/** Uniform in [0, 1), like `Math.random`. */
export type RandomSource = () => number;

/**
 * The value below which `percent` (0 to 100) of the values lie, interpolated linearly between the
 * two nearest order statistics at rank `percent / 100 * (n - 1)` (Hyndman and Fan's type 7, the
 * default of R and NumPy). Null without values.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = Float64Array.from(values).sort();
  const rank = (Math.min(100, Math.max(0, percent)) / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  if (below === undefined || above === undefined) return null;
  return below + (above - below) * (rank - Math.floor(rank));
}

export function median(values: readonly number[]): number | null {
  return percentile(values, 50);
}

/** One measurement of both quantities, e.g. milliseconds without and with a feature. */
export interface RatioSample {
  readonly numerator: number;
  readonly denominator: number;
}

export interface RatioEstimate {
  /** Sum of the numerators over sum of the denominators. */
  readonly ratio: number;
  /** Ends of the confidence interval. */
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly random: RandomSource;
  readonly resamples?: number;
  /** Share of the resampled ratios inside the interval. */
  readonly confidence?: number;
}

/**
 * Ratio of sums with its percentile-bootstrap interval (Efron 1979): the pairs are drawn again with
 * replacement, so what numerator and denominator of a sample have in common cancels. Null without
 * samples or where a denominator's sum is not positive.
 */
export function ratioWithInterval(
  samples: readonly RatioSample[],
  { random, resamples = 2000, confidence = 0.95 }: BootstrapOptions,
): RatioEstimate | null {
  const ratio = ratioOfSums(samples);
  if (ratio === null) return null;
  const ratios: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const resampled = ratioOfSums(resample(samples, random));
    if (resampled !== null) ratios.push(resampled);
  }
  const tail = ((1 - confidence) / 2) * 100;
  const low = percentile(ratios, tail) ?? ratio;
  return { ratio, low, high: percentile(ratios, 100 - tail) ?? ratio };
}

function ratioOfSums(samples: readonly RatioSample[]): number | null {
  let numerator = 0;
  let denominator = 0;
  for (const sample of samples) {
    numerator += sample.numerator;
    denominator += sample.denominator;
  }
  return denominator > 0 ? numerator / denominator : null;
}

function resample<T>(values: readonly T[], random: RandomSource): T[] {
  return values.flatMap(() => {
    const index = Math.floor(random() * values.length);
    return values.slice(index, index + 1);
  });
}

/** A repeatable source: the Lehmer generator "minimal standard" of Park, Miller and Stockmeyer (1993). */
export function seededRandom(seed: number): RandomSource {
  const modulus = 2 ** 31 - 1;
  let state = (Math.abs(Math.trunc(seed)) % (modulus - 1)) + 1;
  return () => {
    state = (state * 48_271) % modulus;
    return (state - 1) / (modulus - 1);
  };
}
