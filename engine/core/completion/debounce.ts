/**
 * How long to wait for the next keystroke before asking. A fast engine is asked nearly at once: its
 * decoding goes on while the user types along. A slow one is spared requests that the next
 * keystroke would make useless.
 */
import { median } from '../metrics/percentiles.ts';

/** Bound for an engine that answers within `FAST_LATENCY_MS`, on mains power. */
export const FAST_DEBOUNCE_MS = 75;
export const FAST_LATENCY_MS = 300;
/** Bound for any engine, on mains power. */
export const MAX_DEBOUNCE_MS = 300;
/** Waiting is dearer than decoding on mains, and the other way round on battery. */
export const BATTERY_FACTOR = 2;
/**
 * Before anything was measured. Taken to be fast: a steady typist would never let a slow guess be
 * corrected, since only a request that is not cancelled is a measurement.
 */
const DEFAULT_LATENCY_MS = 40;
const DEFAULT_INTERVAL_MS = 200;
/** Somewhat longer than a usual interval without a key: the user has paused. */
const PAUSE_FACTOR = 1.25;
/** After these the next thing to come is open: `.`, an opening bracket, a line end, ... */
const TRIGGERS = /(?:[.([{:,=]|->|\n[ \t]*)$/;

export interface DebounceInput {
  /** Milliseconds between recent keystrokes; pauses left out by the caller or not. */
  readonly typingIntervalsMs: readonly number[];
  /** Milliseconds from recent requests to their first visible text. */
  readonly engineLatenciesMs: readonly number[];
  readonly onBattery: boolean;
  /** The text last typed; empty when the cursor merely moved. */
  readonly lastTyped: string;
}

/** Milliseconds to wait: 0 after a trigger character, never more than the pause that ends typing. */
export function debounceMs(input: DebounceInput): number {
  if (TRIGGERS.test(input.lastTyped)) return 0;
  const latency = median(input.engineLatenciesMs) ?? DEFAULT_LATENCY_MS;
  const pause = PAUSE_FACTOR * (median(input.typingIntervalsMs) ?? DEFAULT_INTERVAL_MS);
  const forEngine = (latency / FAST_LATENCY_MS) * FAST_DEBOUNCE_MS;
  const delay = Math.min(forEngine, pause, MAX_DEBOUNCE_MS);
  return Math.round(Math.max(0, delay) * (input.onBattery ? BATTERY_FACTOR : 1));
}
