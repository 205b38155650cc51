import type { PromptTrainer } from '../../engine/native/addon.d.ts';

type ToyTrainer = Pick<PromptTrainer, 'load' | 'gradient' | 'cancel'>;

/**
 * A trainer whose loss is a bowl: each row wants to be as far from 0 as its target, which moves a
 * little with the window and with each insertion. It has one minimum, and its gradient is exact.
 */
export class FakeTrainer implements ToyTrainer {
  readonly #count: number;
  readonly #width: number;
  #window: Int32Array = new Int32Array(0);
  #cancelled = false;
  gradients = 0;
  /** Answers "cancelled" to so many calls, as a trainer does that was interrupted. */
  interruptions = 0;
  onCall: () => Promise<void> = () => Promise.resolve();

  constructor(count: number, width: number) {
    this.#count = count;
    this.#width = width;
  }

  async load(tokens: Int32Array): Promise<{ kind: 'done' } | { kind: 'cancelled' }> {
    if (await this.#isInterrupted()) return { kind: 'cancelled' };
    this.#window = tokens;
    return { kind: 'done' };
  }

  async gradient(
    rows: Float32Array,
    insertions: Int32Array,
  ): ReturnType<PromptTrainer['gradient']> {
    if (await this.#isInterrupted()) return { kind: 'cancelled' };
    this.gradients += 1;
    const shift = insertions.reduce((sum, t) => sum + Math.sin(this.#window[t]!), 0);
    const target = (index: number): number =>
      Math.cos(index) + (0.01 * shift) / Math.max(1, insertions.length);
    const gradient = rows.map((value, index) => value - target(index));
    const lossByDistance = Float32Array.from({ length: this.#count }, (_, distance) =>
      gradient
        .subarray(distance * this.#width, (distance + 1) * this.#width)
        .reduce((sum, value) => sum + (value * value) / 2, 0),
    );
    return { kind: 'done', lossByDistance, gradient };
  }

  cancel(): void {
    this.#cancelled = true;
  }

  async #isInterrupted(): Promise<boolean> {
    this.#cancelled = false;
    await this.onCall();
    if (this.interruptions > 0) {
      this.interruptions -= 1;
      return true;
    }
    return this.#cancelled;
  }
}
