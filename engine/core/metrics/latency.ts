/** Latency of the recent past. */
import { percentile } from './percentiles.ts';

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** The last `capacity` latencies, in milliseconds. */
export class LatencyWindow {
  readonly #capacity: number;
  readonly #latenciesMs: number[] = [];

  constructor(capacity = 200) {
    this.#capacity = capacity;
  }

  /** What is not a duration (a clock set back, a missing measurement) is left out. */
  add(latencyMs: number): void {
    if (!(latencyMs >= 0 && latencyMs < Infinity)) return;
    this.#latenciesMs.push(latencyMs);
    if (this.#latenciesMs.length > this.#capacity) this.#latenciesMs.shift();
  }

  /** Oldest first. */
  values(): readonly number[] {
    return this.#latenciesMs;
  }

  summary(): LatencySummary | null {
    const p50Ms = percentile(this.#latenciesMs, 50);
    const p95Ms = percentile(this.#latenciesMs, 95);
    if (p50Ms === null || p95Ms === null) return null;
    return { count: this.#latenciesMs.length, p50Ms, p95Ms };
  }

  clear(): void {
    this.#latenciesMs.length = 0;
  }
}
