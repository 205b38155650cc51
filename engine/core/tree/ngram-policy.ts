import { AdaptivePolicy } from './adaptive-policy.ts';
import { at } from './at.ts';
import type { LookupChances } from './lookup-chances.ts';
import type { NgramIndex } from './ngram-index.ts';

/**
 * Cost of a pass over n rows in passes over one, at `[n]`: the embedded model on one CPU thread
 * (`npm run bench:pass`). For a device that was not measured: on GPUs and with larger models more
 * rows cost less than that, so chains are rather too short than too long there.
 */
const UNMEASURED_COST: readonly number[] = [
  0, 1, 1.3, 1.7, 2.1, 2.6, 3.05, 3.5, 3.95, 4.5, 5, 5.5, 6,
];
/** What building another graph costs on top. */
const UNMEASURED_REBUILD = 0.2;

/** Rows of an n-gram tree at most where nothing was measured. */
export const MOST_NGRAM_ROWS = UNMEASURED_COST.length - 1;

export interface NgramPolicyInput {
  /** Holds the prompt and is kept up to date here. */
  readonly ngrams: NgramIndex;
  readonly lookupChances?: LookupChances;
  /** `steadyMs` and `mixedMs` of the device's profile, where it was measured. */
  readonly latencyMs?: readonly number[];
  readonly mixedMs?: readonly number[];
}

/**
 * Prompt lookup: proposes what followed the last tokens before, as far as that has proved right often
 * enough to pay for its rows. Where nothing matches the step is a plain one.
 */
export function ngramPolicy({
  latencyMs = UNMEASURED_COST,
  mixedMs = latencyMs.map((cost, n) =>
    n === 0 ? 0 : cost + UNMEASURED_REBUILD * at(latencyMs, 1),
  ),
  ...input
}: NgramPolicyInput): AdaptivePolicy {
  return new AdaptivePolicy({
    ...input,
    latencyMs,
    mixedMs,
    calibration: null,
    ensemble: 1,
    values: new Float64Array(1),
    // Plain decoding's rate.
    tokensPerMs: 1 / at(latencyMs, 1),
    chains: { length: latencyMs.length - 2, count: 1 },
  });
}
