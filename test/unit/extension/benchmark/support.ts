import type { ModeReport } from '../../../../engine/core/bench/report.ts';
import { DEFAULT_TREE_SETTINGS } from '../../../../engine/core/decode/tree-settings.ts';
import type { BenchReport } from '../../../../engine/protocol.ts';
import type { Present } from '../../../../extension/benchmark/best-setting.ts';
import type { BenchRun } from '../../../../extension/benchmark/run-record.ts';

/** Nothing is set, and the engine is not there yet. */
export const PRESENT: Present = { mode: 'auto', tree: DEFAULT_TREE_SETTINGS, loaded: null };

const LATENCY = { p50: 10, p90: 20, p99: 30 };

/** Plain decoding as far as nothing else is told. */
export function modeReport(overrides: Partial<ModeReport> = {}): ModeReport {
  return {
    tokensPerSecond: { median: 100, p10: 90, p90: 110 },
    tokensPerStep: 1,
    speedupOverPlain: { median: 1, low: 1, high: 1 },
    totalSpeedup: { median: 1, low: 1, high: 1 },
    identicalToPlain: true,
    divergences: [],
    prompts: 3,
    tokens: 192,
    acceptanceLength: { mean: 1, low: 1, high: 1 },
    predictedAcceptanceLength: null,
    acceptanceByDistance: [],
    latencyMs: { firstLine: LATENCY, perToken: LATENCY },
    repeatable: true,
    tokenStreamSha256: 'a'.repeat(64),
    byLanguage: {},
    byKind: {},
    ...overrides,
  };
}

/** In all; by the median of the prompts it is half as much faster. */
export function faster(inAll: number, overrides: Partial<ModeReport> = {}): ModeReport {
  const around = (ratio: number) => ({ median: ratio, low: ratio - 0.1, high: ratio + 0.1 });
  const speedupOverPlain = around((1 + inAll) / 2);
  return modeReport({ speedupOverPlain, totalSpeedup: around(inAll), ...overrides });
}

export function benchReport(
  modes: Readonly<Record<string, ModeReport>>,
  overrides: Partial<BenchReport> = {},
): BenchReport {
  return {
    device: { backend: 'cpu', name: 'A|B', memoryBytes: 2 ** 30, threads: 2 },
    model: {
      name: 'tiny',
      path: '/home/somebody/models/tiny.gguf',
      sizeBytes: 1,
      embedded: false,
      architecture: 'qwen2',
      description: '',
      parameterCount: 6e6,
      contextLength: 2048,
      fillInMiddle: true,
    },
    settings: { maxTokens: 64, runs: 3, version: '0.1.0', llamaCpp: 'v0.4.0' },
    modes,
    passLatency: null,
    peakMemoryBytes: 2 ** 28,
    ...overrides,
  };
}

export function benchRun(
  modes: Readonly<Record<string, ModeReport>>,
  overrides: Partial<BenchRun> = {},
): BenchRun {
  return {
    id: 'now',
    finishedAt: '2026-01-02T03:04:05.678Z',
    prompts: 'built-in',
    report: benchReport(modes),
    missing: [],
    ...overrides,
  };
}
