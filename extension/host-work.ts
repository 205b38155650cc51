/** Keystrokes whose host work is remembered. */
const SAMPLES_MAX = 512;

/**
 * What one keystroke costs the extension host: the sum of the synchronous sections, not the time
 * spent waiting for the engine. It must stay below 5 ms.
 */
export class HostWork {
  readonly #samples: number[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds per keystroke, oldest first. */
  get samples(): readonly number[] {
    return this.#samples;
  }

  begin(): HostWorkClock {
    return new HostWorkClock(this.#now, (total) => {
      this.#samples.push(total);
      if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    });
  }
}

/** Adds up the synchronous sections of one keystroke. */
export class HostWorkClock {
  readonly #now: () => number;
  readonly #finished: (total: number) => void;
  #total = 0;
  #open: number;

  constructor(now: () => number, finished: (total: number) => void) {
    this.#now = now;
    this.#finished = finished;
    this.#open = now();
  }

  get totalMs(): number {
    return this.#total;
  }

  /** Waits for `promise` without counting the wait. */
  async pause<T>(promise: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await promise;
    } finally {
      this.#open = this.#now();
    }
  }

  finish(): number {
    this.#stop();
    this.#finished(this.#total);
    return this.#total;
  }

  #stop(): void {
    this.#total += this.#now() - this.#open;
  }
}
