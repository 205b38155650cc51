/** Waiting time before restart number `attempt` (from 1), in ms: doubles from 500 ms to 30 s. */
export function backoffDelayMs(attempt: number): number {
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

/** An engine that lived this long died of something new: counting starts over. */
export const HEALTHY_AFTER_MS = 60_000;

/** Deaths in a row after which only the user starts the engine again. */
export const MAX_ATTEMPTS = 6;
