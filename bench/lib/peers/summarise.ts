import {
  median,
  percentile,
  ratioWithInterval,
  seededRandom,
} from '../../../engine/core/metrics/percentiles.ts';
import type { TextMeasurement } from '../contender.ts';
import type { Turn } from './rounds.ts';

/** Of a shorter text the pass that finds its end would be a large part of the rate. */
const MIN_DECODED_TOKENS = 8;

export interface Ratio {
  /** Theirs over ours: above 1 we are faster. Ratio of sums. */
  readonly ratio: number;
  /** Ends of its 95 % interval. */
  readonly low: number;
  readonly high: number;
}

export interface Speedup {
  readonly firstToken: Ratio | null;
  readonly total: Ratio | null;
  /** Where both wrote the same text. */
  readonly totalOfSameText: Ratio | null;
  readonly decodePerToken: Ratio | null;
}

export interface PeerSummary {
  readonly firstTokenMs: Spread;
  readonly totalMs: Spread;
  readonly decodeMsPerToken: number | null;
  readonly tokensPerRequest: number;
  readonly evaluatedTokensPerRequest: number;
  /** Share of the requests to which its text was that of the plain contender of its own family. */
  readonly sameTextAsOwnPlain: number;
  readonly sameTextAsReference: number;
}

interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export interface ScenarioSummary {
  readonly requests: number;
  readonly peers: Readonly<Record<string, PeerSummary>>;
  /** By our contender, then by each other one. */
  readonly speedup: Readonly<Record<string, Readonly<Record<string, Speedup>>>>;
}

/** Names of one family begin with the name of its plain contender. */
export interface PeerName {
  readonly name: string;
  readonly plain: string;
  readonly ours: boolean;
}

/** @param turns Answers in the order of `names`; all of one length. */
export function summarise(names: readonly PeerName[], turns: readonly Turn[]): ScenarioSummary {
  const columns = new Map(
    names.map(({ name }, index) => [name, turns.flatMap((turn) => turn[index] ?? [])]),
  );
  const column = (name: string): readonly TextMeasurement[] => columns.get(name) ?? [];
  const reference = column(names.find(({ ours }) => ours)?.name ?? '');
  const ours = names.filter((each) => each.ours);
  return {
    requests: turns.length,
    peers: Object.fromEntries(
      names.map(({ name, plain }) => [name, describe(column(name), column(plain), reference)]),
    ),
    speedup: Object.fromEntries(
      ours.map(({ name }) => [
        name,
        Object.fromEntries(
          names
            .filter((other) => other.name !== name)
            .map((other) => [other.name, compare(column(name), column(other.name))]),
        ),
      ]),
    ),
  };
}

function describe(
  all: readonly TextMeasurement[],
  plain: readonly TextMeasurement[],
  reference: readonly TextMeasurement[],
): PeerSummary {
  const rates = all.filter(isLong).map(decodeMsPerToken);
  const perToken = median(rates);
  return {
    firstTokenMs: spread(all.map((each) => each.firstTokenMs)),
    totalMs: spread(all.map((each) => each.totalMs)),
    decodeMsPerToken: perToken === null ? null : round(perToken),
    tokensPerRequest: round(mean(all.map((each) => each.tokens))),
    evaluatedTokensPerRequest: round(mean(all.map((each) => each.evaluatedTokens))),
    sameTextAsOwnPlain: round(mean(all.map((each, index) => Number(isSame(each, plain[index]))))),
    sameTextAsReference: round(
      mean(all.map((each, index) => Number(isSame(each, reference[index])))),
    ),
  };
}

function compare(ours: readonly TextMeasurement[], theirs: readonly TextMeasurement[]): Speedup {
  const pairs = ours.flatMap((our, index) => {
    const their = theirs[index];
    return their === undefined ? [] : [{ our, their }];
  });
  const over = (
    of: (each: TextMeasurement) => number,
    counts: (pair: (typeof pairs)[number]) => boolean = () => true,
  ): Ratio | null => {
    const samples = pairs.filter(counts).map(({ our, their }) => ({
      numerator: of(their),
      denominator: of(our),
    }));
    const estimate = ratioWithInterval(samples, { random: seededRandom(1) });
    if (estimate === null) return null;
    const { ratio, low, high } = estimate;
    return { ratio: round(ratio), low: round(low), high: round(high) };
  };
  return {
    firstToken: over(({ firstTokenMs }) => firstTokenMs),
    total: over(({ totalMs }) => totalMs),
    totalOfSameText: over(
      ({ totalMs }) => totalMs,
      ({ our, their }) => isSame(our, their),
    ),
    decodePerToken: over(decodeMsPerToken, ({ our, their }) => isLong(our) && isLong(their)),
  };
}

/** White space at the end is where the systems cut differently. */
function isSame(left: TextMeasurement, right: TextMeasurement | undefined): boolean {
  return left.text.trimEnd() === right?.text.trimEnd();
}

function isLong({ tokens }: TextMeasurement): boolean {
  return tokens >= MIN_DECODED_TOKENS;
}

function decodeMsPerToken({ totalMs, firstTokenMs, decodedTokens }: TextMeasurement): number {
  return (totalMs - firstTokenMs) / Math.max(1, decodedTokens);
}

function spread(values: readonly number[]): Spread {
  return { p50: round(percentile(values, 50) ?? 0), p95: round(percentile(values, 95) ?? 0) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
