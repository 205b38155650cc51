/** Where reading the prompt ends and decoding begins, by the clock. */
export class ReadingTime {
  readonly #started: number;
  readonly #now: () => number;
  /** Milliseconds on the clock; null while the first step reads. */
  #ended: number | null;
  /** Tokens that came with the prompt. */
  #free = 0;

  /**
   * @param started Milliseconds on the clock.
   * @param firstStepReads Whether the first step belongs to reading; otherwise that has ended by now.
   */
  constructor(started: number, firstStepReads: boolean, now = (): number => performance.now()) {
    this.#started = started;
    this.#now = now;
    this.#ended = firstStepReads ? null : now();
  }

  /** Told of every step, with the tokens that it gave. */
  step(tokens: number): void {
    if (this.#ended !== null) return;
    this.#ended = this.#now();
    this.#free = tokens;
  }

  /** @param tokens That came out in all. `decoded` are those that `decodeMs` gave. */
  end(tokens: number): {
    readonly prefillMs: number;
    readonly decodeMs: number;
    readonly decoded: number;
  } {
    const now = this.#now();
    const ended = this.#ended ?? now;
    return {
      prefillMs: ended - this.#started,
      decodeMs: now - ended,
      decoded: Math.max(0, tokens - this.#free),
    };
  }
}
