/** Every length at which kernels and trees differ, and steps above. */
const EVERY_LENGTH_TO = 32;
const STEPS = [40, 48, 64, 96, 128] as const;

/** Lengths of forward passes that are measured, rising. */
export function passLengths(mostRows: number): readonly number[] {
  const every = Array.from({ length: EVERY_LENGTH_TO }, (_, index) => index + 1);
  return [...every, ...STEPS].filter((length) => length <= mostRows);
}

/**
 * Whether a length is measured in a round (from 0): short passes cost little and decide most, so they
 * are measured most often.
 */
export function isMeasured(length: number, round: number): boolean {
  if (length <= 8) return true;
  if (length <= 16) return round % 2 === 0;
  return round % (length <= EVERY_LENGTH_TO ? 4 : 8) === 0;
}
