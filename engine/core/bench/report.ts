import { median, percentile, seededRandom } from '../metrics/percentiles.ts';

/** One decode of one prompt. */
export interface BenchSample {
  readonly prompt: number;
  readonly run: number;
  readonly tokens: readonly number[];
  /** Margins of the greedy choices, in logits: see `topMargin`. */
  readonly margins: readonly number[];
  readonly steps: number;
  /** Decoding alone; the prefill is the same in every mode. */
  readonly decodeMs: number;
}

/** Where a mode's text first parts from plain decoding's. */
export interface Divergence {
  readonly prompt: number;
  readonly position: number;
  /** How far plain decoding's choice was ahead there, in logits: near 0 = a tie. */
  readonly marginOfPlain: number;
}

export interface ModeReport {
  readonly tokensPerSecond: {
    readonly median: number;
    readonly p10: number;
    readonly p90: number;
  };
  readonly tokensPerStep: number;
  /** Median of the ratios of paired runs, with its 95 % bootstrap interval. */
  readonly speedupOverPlain: {
    readonly median: number;
    readonly low: number;
    readonly high: number;
  };
  readonly identicalToPlain: boolean;
  readonly divergences: readonly Divergence[];
  readonly prompts: number;
  /** Over all runs. */
  readonly tokens: number;
}

/**
 * Reduces the samples of one mode, given plain decoding's samples of the same prompts and runs. A
 * pair of samples took turns on the machine, so the ratio of their rates is free of its slow drift.
 */
export function reportMode(
  samples: readonly BenchSample[],
  plain: readonly BenchSample[],
): ModeReport {
  const timed = samples.filter((each) => each.tokens.length > 0 && each.decodeMs > 0);
  const rates = timed.map(tokensPerSecond);
  const partners = new Map(plain.map((each) => [key(each), each]));
  const ratios = timed.flatMap((each) => {
    const partner = partners.get(key(each));
    if (partner === undefined || partner.tokens.length === 0) return [];
    return [tokensPerSecond(each) / tokensPerSecond(partner)];
  });
  const divergences = findDivergences(samples, plain);
  const tokens = sum(samples.map((each) => each.tokens.length));
  return {
    tokensPerSecond: {
      median: median(rates) ?? 0,
      p10: percentile(rates, 10) ?? 0,
      p90: percentile(rates, 90) ?? 0,
    },
    tokensPerStep: tokens / Math.max(1, sum(samples.map((each) => each.steps))),
    speedupOverPlain: medianWithInterval(ratios),
    identicalToPlain: divergences.length === 0,
    divergences,
    prompts: new Set(samples.map((each) => each.prompt)).size,
    tokens,
  };
}

const BOOTSTRAP_RESAMPLES = 1000;

/** The median and its 95 % percentile-bootstrap interval (Efron 1979); 0 without values. */
function medianWithInterval(values: readonly number[]): ModeReport['speedupOverPlain'] {
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

/** One entry per prompt at most: runs of the same prompt part at the same place. */
function findDivergences(
  samples: readonly BenchSample[],
  plain: readonly BenchSample[],
): readonly Divergence[] {
  const reference = new Map<number, BenchSample>();
  for (const each of plain) if (!reference.has(each.prompt)) reference.set(each.prompt, each);
  const found = new Map<number, Divergence>();
  for (const { prompt, tokens } of samples) {
    const expected = reference.get(prompt);
    if (expected === undefined || found.has(prompt)) continue;
    const position = firstDifference(tokens, expected.tokens);
    if (position === null) continue;
    found.set(prompt, { prompt, position, marginOfPlain: expected.margins[position] ?? 0 });
  }
  return [...found.values()];
}

function firstDifference(left: readonly number[], right: readonly number[]): number | null {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) if (left[index] !== right[index]) return index;
  return null;
}

function tokensPerSecond(sample: BenchSample): number {
  return (1000 * sample.tokens.length) / sample.decodeMs;
}

function key(sample: BenchSample): string {
  return `${sample.prompt}/${sample.run}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
