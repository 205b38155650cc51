import { at } from './at.ts';

/** Steps after which an earlier one counts half for the rate. */
const HALF_LIFE = 64;

/** What the next pass costs, and the rate of those that have been. */
export class PassPrices {
  readonly #steadyMs: readonly number[];
  readonly #mixedMs: readonly number[];
  readonly #latencyMs: number[];
  #last = 0;
  #tokens = 0;
  #milliseconds = 0;

  /** Both as in `DeviceProfile`. */
  constructor(steadyMs: readonly number[], mixedMs: readonly number[] = steadyMs) {
    this.#steadyMs = steadyMs;
    this.#mixedMs = mixedMs;
    this.#latencyMs = [...mixedMs];
  }

  /** `[n]`: milliseconds of the next pass. */
  get latencyMs(): readonly number[] {
    return this.#latencyMs;
  }

  /**
   * `[n]`: the same where the pass also evaluates `before` tokens in front of its n rows; beyond the
   * table each row costs what the last ones did.
   */
  behind(before: number): readonly number[] {
    if (before === 0) return this.#latencyMs;
    const last = this.#mixedMs.length - 1;
    const half = Math.max(1, last >> 1);
    const slope =
      last > half ? (at(this.#mixedMs, last) - at(this.#mixedMs, half)) / (last - half) : 0;
    return this.#mixedMs.map((_, n) => {
      const rows = before + n;
      return at(this.#mixedMs, Math.min(rows, last)) + Math.max(0, rows - last) * slope;
    });
  }

  /** Of the steps so far by these prices; null before the first. */
  get tokensPerMs(): number | null {
    return this.#milliseconds === 0 ? null : this.#tokens / this.#milliseconds;
  }

  planned(length: number): void {
    const cost = this.#latencyMs[length];
    // Lengths that were never measured say nothing of the rate.
    if (cost === undefined) return;
    const keep = 0.5 ** (1 / HALF_LIFE);
    this.#tokens *= keep;
    this.#milliseconds = this.#milliseconds * keep + cost;
    if (this.#last > 0) this.#latencyMs[this.#last] = at(this.#mixedMs, this.#last);
    this.#latencyMs[length] = at(this.#steadyMs, length);
    this.#last = length;
  }

  yielded(tokens: number): void {
    if (this.#milliseconds > 0) this.#tokens += tokens;
  }
}
