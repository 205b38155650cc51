/**
 * What training gives way to. While something runs in the foreground, no call of the background
 * begins, and the one that runs is ended and made again afterwards.
 */
export class Foreground {
  #running = 0;
  #idle: Promise<void> = Promise.resolve();
  #becomeIdle: () => void = () => undefined;
  readonly #interrupts = new Set<() => void>();

  /** Runs a task of the foreground. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running === 0) {
      this.#idle = new Promise((resolve) => (this.#becomeIdle = resolve));
    }
    this.#running += 1;
    for (const interrupt of this.#interrupts) interrupt();
    try {
      return await task();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#becomeIdle();
    }
  }

  /**
   * Makes a call of the background when nothing is in the foreground, again and again until it ends
   * by itself.
   *
   * @param call Returns null when it was interrupted.
   * @param interrupt Ends the running call soon; without one it does nothing.
   * @returns Null once `signal` is aborted.
   */
  async behind<T>(
    call: () => Promise<T | null>,
    interrupt: () => void,
    signal: AbortSignal,
  ): Promise<T | null> {
    while (await this.#isFree(signal)) {
      this.#interrupts.add(interrupt);
      signal.addEventListener('abort', interrupt);
      try {
        const result = await call();
        if (result !== null) return result;
      } finally {
        this.#interrupts.delete(interrupt);
        signal.removeEventListener('abort', interrupt);
      }
    }
    return null;
  }

  /** Waits for the foreground; false once nobody wants the background any more. */
  async #isFree(signal: AbortSignal): Promise<boolean> {
    while (this.#running > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', go);
          resolve();
        };
        signal.addEventListener('abort', go);
        void this.#idle.then(go);
      });
    }
    return !signal.aborted;
  }
}
