/**
 * Runs one task at a time, and of those waiting only the latest: a new task aborts the running one,
 * and a task overtaken while it waits is never started.
 */
export class LatestWins {
  #controller: AbortController | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param signal Aborts this task from outside.
   * @returns What the task returns, or undefined when it was overtaken before it started.
   */
  async run<T>(
    signal: AbortSignal,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    const either = AbortSignal.any([signal, controller.signal]);
    const result = this.#tail.then(() => (either.aborted ? undefined : task(either)));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Aborts what runs or waits, and resolves when it has ended. */
  async drain(): Promise<void> {
    this.#controller?.abort();
    await this.#tail;
  }
}
