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
  /** Share of the resampled figures inside the interval. */
  readonly confidence?: number;
}

/**
 * Ends of a figure's percentile-bootstrap interval (Efron 1979): the values that it was computed from
 * are drawn again with replacement, as many as there are. Null where no draw gives a figure.
 */
export function bootstrapInterval<T>(
  values: readonly T[],
  figureOf: (drawn: readonly T[]) => number | null,
  { random, resamples = 2000, confidence = 0.95 }: BootstrapOptions,
): Pick<RatioEstimate, 'low' | 'high'> | null {
  const figures: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const figure = figureOf(resample(values, random));
    if (figure !== null) figures.push(figure);
  }
  const tail = ((1 - confidence) / 2) * 100;
  const [low, high] = [percentile(figures, tail), percentile(figures, 100 - tail)];
  return low === null || high === null ? null : { low, high };
}

/**
 * Ratio of sums with its bootstrap interval: the pairs are drawn, so what numerator and denominator of
 * a sample have in common cancels. Null without samples or where a denominator's sum is not positive.
 */
export function ratioWithInterval(
  samples: readonly RatioSample[],
  options: BootstrapOptions,
): RatioEstimate | null {
  const ratio = ratioOfSums(samples);
  if (ratio === null) return null;
  const interval = bootstrapInterval(samples, ratioOfSums, options);
  return { ratio, ...(interval ?? { low: ratio, high: ratio }) };
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
