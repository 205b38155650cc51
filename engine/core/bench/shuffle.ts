import type { RandomSource } from '../metrics/percentiles.ts';

/** A copy in random order. */
export function shuffled<T>(values: readonly T[], random: RandomSource): readonly T[] {
  const keyed = values.map((value) => ({ value, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}
