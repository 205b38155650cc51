import type { DeviceMeasurement } from '../core/tuning/device-measurement.ts';
import {
  PassMeasurement,
  type MeasuringPlace,
  type MeasuringPlan,
  type MeasuringProgress,
} from './measure-passes.ts';

export interface TunerInput {
  readonly plan: MeasuringPlan;
  readonly withPromptTokens: boolean;
  /** Contexts of its own; made when measuring begins, and freed when it ends. */
  readonly open: () => Promise<MeasuringPlace>;
  /** Told of what was measured to the end. */
  readonly onMeasured: (measurement: DeviceMeasurement) => Promise<void>;
  /** Milliseconds without a request before measuring goes on. */
  readonly idleMs: number;
}

/** Between two completions of somebody who types, measuring would only be in the way. */
const SHORT_IDLE_MS = 50;

interface Waiting {
  readonly onProgress: (progress: MeasuringProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Measures the device while nobody asks for anything: every request interrupts it, and it goes on in
 * the next idle time.
 */
export class Tuner {
  readonly #input: TunerInput;
  readonly #disposed = new AbortController();
  #slice: AbortController | null = null;
  #running: Promise<DeviceMeasurement | null> | null = null;
  #busy = 0;
  /** Requests so far, to tell whether one came in between. */
  #requests = 0;
  /** The one who asked for it has cancelled. */
  #cancelled = false;
  /** Wakes the loop that waits for idle time. */
  #wake: (() => void) | null = null;
  #woken = false;
  readonly #waiting = new Set<Waiting>();

  constructor(input: TunerInput) {
    this.#input = input;
  }

  /** Begins in the background, unless it is at work. */
  start(): void {
    void this.#begin().catch(() => null);
  }

  /** Measures (again) and resolves with the result; null when `signal` ended it. */
  async measure(
    signal: AbortSignal,
    onProgress: (progress: MeasuringProgress) => void,
  ): Promise<DeviceMeasurement | null> {
    const waiting = { onProgress, signal };
    this.#waiting.add(waiting);
    const stop = (): void => {
      this.#waiting.delete(waiting);
      this.#cancelled = this.#waiting.size === 0;
      this.#slice?.abort();
      this.#wake?.();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return null;
      const work = this.#begin();
      this.#wake?.();
      const aborted = new Promise<null>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(null);
        });
      });
      return await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
      this.#waiting.delete(waiting);
    }
  }

  /** A request comes first: whatever is being measured ends at once. */
  async whileBusy<T>(task: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    this.#requests += 1;
    this.#slice?.abort();
    try {
      return await task();
    } finally {
      this.#busy -= 1;
      this.#wake?.();
    }
  }

  async dispose(): Promise<void> {
    this.#disposed.abort();
    this.#slice?.abort();
    this.#wake?.();
    await this.#running?.catch(() => null);
  }

  #begin(): Promise<DeviceMeasurement | null> {
    if (this.#running !== null && !this.#cancelled) return this.#running;
    const before = this.#running ?? Promise.resolve(null);
    const work = before
      .catch(() => null)
      .then(() => {
        this.#cancelled = false;
        return this.#work();
      })
      .finally(() => {
        if (this.#running === work) this.#running = null;
      });
    this.#running = work;
    return work;
  }

  async #work(): Promise<DeviceMeasurement | null> {
    const measurement = new PassMeasurement(this.#input.plan, this.#input.withPromptTokens);
    let place: MeasuringPlace | null = null;
    try {
      for (;;) {
        await this.#idle();
        if (this.#over) return null;
        place ??= await this.#input.open();
        const result = await this.#slices(measurement, place);
        if (result === null) continue;
        await this.#input.onMeasured(result);
        return result;
      }
    } finally {
      await Promise.all(place?.contexts.map((context) => context.dispose()) ?? []);
    }
  }

  async #slices(
    measurement: PassMeasurement,
    place: MeasuringPlace,
  ): Promise<DeviceMeasurement | null> {
    if (this.#busy > 0) return null;
    this.#slice = new AbortController();
    try {
      return await measurement.run(place, this.#slice.signal, (progress) => {
        for (const { onProgress } of this.#waiting) onProgress(progress);
      });
    } finally {
      this.#slice = null;
    }
  }

  get #over(): boolean {
    return this.#cancelled || this.#disposed.signal.aborted;
  }

  /** Resolves when nobody has asked for anything for a while, or there is no more use in waiting. */
  async #idle(): Promise<void> {
    for (;;) {
      const before = this.#requests;
      // Who asked for it need not wait as long as the background.
      const idleMs = this.#waiting.size > 0 ? SHORT_IDLE_MS : this.#input.idleMs;
      await this.#pause(this.#busy > 0 ? null : idleMs);
      if (this.#over) return;
      if (this.#busy === 0 && this.#requests === before && !this.#woken) return;
    }
  }

  /** Ends early when something happens. */
  #pause(ms: number | null): Promise<void> {
    this.#woken = false;
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        this.#woken = true;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
