import { setImmediate } from 'node:timers/promises';

/** Of a pass that blocks the engine's thread, and with it new requests and cancels. */
const LONGEST_BLOCKING_MS = 4;

/** Of passes in a row, after which messages are looked at. */
const LONGEST_BLOCKED_MS = 1;

/**
 * Where forward passes run. The way to a worker thread and back costs about 0.06 ms, a tenth of a
 * small model's step: passes that are expected to be short run on the engine's own thread instead.
 */
export class PassThread {
  readonly #now: () => number;
  /** Of the last pass over so many rows. */
  readonly #milliseconds = new Map<number, number>();
  #messagesSeenAt = -Infinity;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  async run<Result>(rows: number, decode: (blocking: boolean) => Promise<Result>): Promise<Result> {
    const blocking = this.#expectedMs(rows) <= LONGEST_BLOCKING_MS;
    const started = this.#now();
    const result = await decode(blocking);
    const ended = this.#now();
    this.#milliseconds.set(rows, ended - started);
    if (!blocking) this.#messagesSeenAt = ended;
    if (ended - this.#messagesSeenAt > LONGEST_BLOCKED_MS) {
      await setImmediate();
      this.#messagesSeenAt = this.#now();
    }
    return result;
  }

  /** No pass costs more by the row than a shorter one, nor more in all than a longer one. */
  #expectedMs(rows: number): number {
    let least = Infinity;
    for (const [length, milliseconds] of this.#milliseconds) {
      least = Math.min(least, milliseconds * Math.max(1, rows / length));
    }
    return least;
  }
}
