import { percentile } from '../metrics/percentiles.ts';

/** A step of more than so many usual ones was interrupted; the rest of its time is not its own. */
const LONGEST_STEP = 4;

/** What the last steps of one kind cost per token; pauses of the machine are left out. */
export class StepCosts {
  readonly #window: number;
  readonly #costs: number[] = [];
  readonly #tokens: number[] = [];
  /** Tokens seen in all. */
  #seen = 0;
  #known: { readonly usual: number; readonly perToken: number } | null = null;
  /** Cost of a usual step, as of the last estimate. */
  #usual: number | undefined;

  /**
   * @param window Steps that count.
   * @param usual Cost of a usual step, if that can be guessed.
   */
  constructor(window: number, usual?: number) {
    this.#window = window;
    this.#usual = usual;
  }

  get tokens(): number {
    return this.#seen;
  }

  /** Null where nothing was seen. */
  get perToken(): number | null {
    return this.#estimate()?.perToken ?? null;
  }

  /** @param cost Of one step, in any unit. @returns The part of it that counts. */
  add(cost: number, tokens: number): number {
    const used = this.#withoutPause(cost, this.#usual);
    this.#costs.push(cost);
    this.#tokens.push(tokens);
    this.#seen += tokens;
    this.#keep(this.#window);
    return used;
  }

  /** Lets what comes next count for more: the steps seen so far are of the past. */
  fade(): void {
    this.#keep(Math.floor(this.#window / 4));
  }

  #keep(steps: number): void {
    const excess = this.#costs.length - steps;
    if (excess > 0) {
      this.#costs.splice(0, excess);
      this.#tokens.splice(0, excess);
    }
    this.#known = null;
  }

  #estimate(): { readonly usual: number; readonly perToken: number } | null {
    if (this.#known !== null || this.#costs.length === 0) return this.#known;
    const usual = percentile(this.#costs, 50) ?? 0;
    const cost = this.#costs.reduce((sum, each) => sum + this.#withoutPause(each, usual), 0);
    const tokens = this.#tokens.reduce((sum, each) => sum + each, 0);
    this.#known = { usual, perToken: cost / tokens };
    this.#usual = usual;
    return this.#known;
  }

  #withoutPause(cost: number, usual: number | undefined): number {
    return usual === undefined ? cost : Math.min(cost, LONGEST_STEP * usual);
  }
}
