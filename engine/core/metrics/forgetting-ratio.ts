/** A ratio of two sums of which earlier terms count less and less: tokens per time, time per token. */
export class ForgettingRatio {
  readonly #keep: number;
  readonly #prior: { readonly value: number; readonly weight: number };
  #numerator = 0;
  #denominator = 0;

  /**
   * @param halfLife Additions after which an earlier one counts half.
   * @param prior A ratio, and the denominator that it is worth: never forgotten.
   */
  constructor(halfLife: number, prior?: { readonly value: number; readonly weight: number }) {
    this.#keep = 0.5 ** (1 / halfLife);
    this.#prior = prior ?? { value: 0, weight: 0 };
  }

  add(numerator: number, denominator: number): void {
    this.#numerator = this.#numerator * this.#keep + numerator;
    this.#denominator = this.#denominator * this.#keep + denominator;
  }

  /** Lets everything added so far count less: `keep` times as much. */
  fade(keep: number): void {
    this.#numerator *= keep;
    this.#denominator *= keep;
  }

  /** Null while there is nothing to tell from. */
  get value(): number | null {
    const { value, weight } = this.#prior;
    const denominator = this.#denominator + weight;
    return denominator > 0 ? (this.#numerator + value * weight) / denominator : null;
  }
}
