import { ForgettingRatio } from '../metrics/forgetting-ratio.ts';
import { percentile } from '../metrics/percentiles.ts';

/** What completions cost here of late: one model on one device. */
export interface LatencyEstimate {
  /** Milliseconds for each prompt token that is not in the cache. */
  readonly prefillMs: number;
  /** Milliseconds for each token that comes out, in the mode that is used. */
  readonly decodeMs: number;
  /** Tokens until the first line is complete, as most completions need. */
  readonly lineTokens: number;
}

/** What one completion took. */
export interface LatencySample {
  /** Prompt tokens that were not in the cache. */
  readonly evaluated: number;
  readonly prefillMs: number;
  /** Tokens that came after those of the prompt's own pass. */
  readonly decoded: number;
  readonly decodeMs: number;
  /** Tokens until its first line was complete, or all where none was. */
  readonly lineTokens: number;
}

/** Fewer prompt tokens than this cost what a decoding step costs, and tell nothing of longer ones. */
const SHORTEST_PREFILL = 32;

/** Completions after which an earlier one counts half. */
const HALF_LIFE = 12;

const REMEMBERED_LINES = 40;
const LINE_PERCENT = 75;

/** Follows the costs of completions, forgetting. */
export class LatencyEstimator {
  readonly #prefill = new ForgettingRatio(HALF_LIFE);
  readonly #decode = new ForgettingRatio(HALF_LIFE);
  readonly #lines: number[] = [];

  observe({ evaluated, prefillMs, decoded, decodeMs, lineTokens }: LatencySample): void {
    if (evaluated >= SHORTEST_PREFILL) this.#prefill.add(prefillMs, evaluated);
    if (decoded > 0) this.#decode.add(decodeMs, decoded);
    if (lineTokens > 0) this.#lines.push(lineTokens);
    if (this.#lines.length > REMEMBERED_LINES) this.#lines.shift();
  }

  /** Null until each of the costs has been seen once. */
  get estimate(): LatencyEstimate | null {
    const prefillMs = this.#prefill.value;
    const decodeMs = this.#decode.value;
    const lineTokens = percentile(this.#lines, LINE_PERCENT);
    if (prefillMs === null || decodeMs === null || lineTokens === null) return null;
    return { prefillMs, decodeMs, lineTokens: Math.ceil(lineTokens) };
  }
}
