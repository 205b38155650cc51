import { AdaptivePolicy } from './adaptive-policy.ts';
import type { NgramIndex } from './ngram-index.ts';

/**
 * Cost of a pass over n rows in passes over one, at `[n]`: the embedded model on one CPU thread
 * (`npm run bench:pass`). On GPUs and with larger models more rows cost less than that, so trees are
 * rather too small than too large there.
 */
const PASS_COST: readonly number[] = [0, 1, 1.3, 1.75, 2.3, 2.8, 3.35, 4, 4.6];

/** Rows of an n-gram tree at most. */
export const MOST_NGRAM_ROWS = PASS_COST.length - 1;

/**
 * Prompt lookup: proposes what followed the last tokens before, as far as that has proved right often
 * enough to pay for its rows. Where nothing matches the step is a plain one.
 *
 * @param ngrams Holds the prompt and is kept up to date here.
 */
export function ngramPolicy(ngrams: NgramIndex): AdaptivePolicy {
  return new AdaptivePolicy({
    calibration: null,
    ensemble: 1,
    values: new Float64Array(1),
    // The unit of time is the pass over one row.
    tokensPerMs: 1,
    latencyMs: PASS_COST,
    ngrams,
    chains: { length: MOST_NGRAM_ROWS - 1, count: 1 },
  });
}
