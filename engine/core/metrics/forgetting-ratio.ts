/** A ratio of two sums of which earlier terms count less and less: tokens per time, time per token. */
export class ForgettingRatio {
  readonly #keep: number;
  #numerator = 0;
  #denominator = 0;

  /**
   * @param halfLife Additions after which an earlier one counts half.
   * @param prior Believed until there is more: a ratio, and the denominator that it is worth.
   */
  constructor(halfLife: number, prior?: { readonly value: number; readonly weight: number }) {
    this.#keep = 0.5 ** (1 / halfLife);
    if (prior === undefined) return;
    this.#numerator = prior.value * prior.weight;
    this.#denominator = prior.weight;
  }

  add(numerator: number, denominator: number): void {
    this.#numerator = this.#numerator * this.#keep + numerator;
    this.#denominator = this.#denominator * this.#keep + denominator;
  }

  /** Null while there is nothing to tell from. */
  get value(): number | null {
    return this.#denominator > 0 ? this.#numerator / this.#denominator : null;
  }
}
