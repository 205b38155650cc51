import { at } from '../tree/at.ts';

/**
 * Random numbers that depend on a seed and a place alone (say: this window of this step), so that
 * training that was interrupted draws the same ones when it goes on.
 *
 * @returns Numbers from 0 (inclusive) to 1 (exclusive): splitmix32 from a hash of `place`.
 */
export function randomAt(...place: readonly number[]): () => number {
  let state = place.reduce((hash, value) => scramble((hash + GOLDEN) ^ value), 0);
  return () => {
    state = (state + GOLDEN) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to below `limit`. */
export function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

/** `count` different whole numbers from `from` to below `to`, rising; all of them if there are fewer. */
export function drawDifferent(
  random: () => number,
  { from, to, count }: { readonly from: number; readonly to: number; readonly count: number },
): Int32Array {
  const all = shuffled(
    random,
    Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index),
  );
  return Int32Array.from(all.slice(0, count)).sort();
}

/** Fisher-Yates. */
export function shuffled<T>(random: () => number, list: readonly T[]): readonly T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = below(random, last + 1);
    const kept = at(result, last);
    result[last] = at(result, other);
    result[other] = kept;
  }
  return result;
}

const GOLDEN = 0x9e3779b9 | 0;

/** Finaliser of MurmurHash3. */
function scramble(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
