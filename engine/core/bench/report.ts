import { median, percentile } from '../metrics/percentiles.ts';
import {
  acceptanceByDistance,
  acceptanceLength,
  type AcceptanceLength,
  type DistanceReport,
} from './acceptance.ts';
import { findDivergences, isRepeatable, tokenStream, type Divergence } from './lossless.ts';
import {
  isTimed,
  sum,
  tokensPerSecond,
  type BenchKind,
  type BenchSample,
  type Interval,
  type PromptFacts,
} from './sample.ts';
import { speedupOver, totalSpeedupOver } from './speedup.ts';

export interface LatencyPercentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Part of the prompts. */
export interface GroupReport {
  readonly prompts: number;
  readonly tokens: number;
  readonly tokensPerStep: number;
  /** Median over the runs. */
  readonly tokensPerSecond: number;
  readonly speedupOverPlain: Interval;
  readonly totalSpeedup?: Interval;
}

export interface ModeReport {
  readonly tokensPerSecond: {
    readonly median: number;
    readonly p10: number;
    readonly p90: number;
  };
  readonly tokensPerStep: number;
  /** Median of the ratios of paired runs, with its 95 % bootstrap interval over the prompts. */
  readonly speedupOverPlain: Interval;
  /**
   * Ratio of the total decoding times for the same number of tokens, with its interval over the prompts:
   * see `totalSpeedupOver`. Absent where no pair of runs was timed, and in reports of earlier versions.
   */
  readonly totalSpeedup?: Interval;
  readonly identicalToPlain: boolean;
  readonly divergences: readonly Divergence[];
  readonly prompts: number;
  /** Over all runs. */
  readonly tokens: number;
  /** `tokensPerStep` with its interval. */
  readonly acceptanceLength: AcceptanceLength;
  /** Tau that the mode's own measurements promised beforehand; null = it promised none. */
  readonly predictedAcceptanceLength: number | null;
  readonly acceptanceByDistance: readonly DistanceReport[];
  /** Milliseconds, over the runs: to the first line from an empty cache, and per decoded token. */
  readonly latencyMs: {
    readonly firstLine: LatencyPercentiles;
    readonly perToken: LatencyPercentiles;
  };
  /** Whether every run of a prompt gave the same tokens. */
  readonly repeatable: boolean;
  /** SHA-256 of `tokenStream`. */
  readonly tokenStreamSha256: string;
  /** Prompts that name no language are not in it. */
  readonly byLanguage: Readonly<Record<string, GroupReport>>;
  readonly byKind: Readonly<Partial<Record<BenchKind, GroupReport>>>;
}

export interface ReportContext {
  readonly prompts: readonly PromptFacts[];
  readonly predictedAcceptanceLength: number | null;
  readonly sha256: (text: string) => string;
}

/** Reduces the samples of one mode, given plain decoding's samples of the same prompts and runs. */
export function reportMode(
  samples: readonly BenchSample[],
  plain: readonly BenchSample[],
  { prompts, predictedAcceptanceLength, sha256 }: ReportContext,
): ModeReport {
  const rates = samples.filter(isTimed).map(tokensPerSecond);
  const divergences = findDivergences(samples, plain);
  const split = (groupOf: (facts: PromptFacts) => string | null): Record<string, GroupReport> =>
    reportGroups(samples, plain, (prompt) => {
      const facts = prompts[prompt];
      return facts === undefined ? null : groupOf(facts);
    });
  return {
    ...reportGroup(samples, plain),
    tokensPerSecond: {
      median: median(rates) ?? 0,
      p10: percentile(rates, 10) ?? 0,
      p90: percentile(rates, 90) ?? 0,
    },
    identicalToPlain: divergences.length === 0,
    divergences,
    acceptanceLength: acceptanceLength(samples),
    predictedAcceptanceLength,
    acceptanceByDistance: acceptanceByDistance(samples),
    latencyMs: {
      firstLine: percentilesOf(samples.map((each) => each.firstLineMs)),
      perToken: percentilesOf(
        samples.filter(isTimed).map(({ decodeMs, tokens: { length } }) => decodeMs / length),
      ),
    },
    repeatable: isRepeatable(samples),
    tokenStreamSha256: sha256(tokenStream(samples)),
    byLanguage: split(({ language }) => language),
    byKind: split(({ kind }) => kind),
  };
}

function reportGroups(
  samples: readonly BenchSample[],
  plain: readonly BenchSample[],
  groupOf: (prompt: number) => string | null,
): Record<string, GroupReport> {
  const names = [...new Set(samples.map(({ prompt }) => groupOf(prompt)))].toSorted();
  return Object.fromEntries(
    names.flatMap((name) => {
      if (name === null) return [];
      const members = samples.filter(({ prompt }) => groupOf(prompt) === name);
      return [[name, reportGroup(members, plain)]];
    }),
  );
}

function reportGroup(samples: readonly BenchSample[], plain: readonly BenchSample[]): GroupReport {
  const tokens = sum(samples.map((each) => each.tokens.length));
  const totalSpeedup = totalSpeedupOver(plain, samples);
  return {
    prompts: new Set(samples.map((each) => each.prompt)).size,
    tokens,
    tokensPerStep: tokens / Math.max(1, sum(samples.map((each) => each.steps))),
    tokensPerSecond: median(samples.filter(isTimed).map(tokensPerSecond)) ?? 0,
    speedupOverPlain: speedupOver(plain, samples),
    ...(totalSpeedup !== null && { totalSpeedup }),
  };
}

function percentilesOf(values: readonly number[]): LatencyPercentiles {
  const at = (percent: number): number => percentile(values, percent) ?? 0;
  return { p50: at(50), p90: at(90), p99: at(99) };
}
