import type { BenchSample } from './sample.ts';

/** Where a mode's text first parts from plain decoding's. */
export interface Divergence {
  readonly prompt: number;
  readonly position: number;
  /** How far plain decoding's choice was ahead there, in logits: near 0 = a tie. */
  readonly marginOfPlain: number;
}

/** One entry per prompt at most: runs of the same prompt part at the same place. */
export function findDivergences(
  samples: readonly BenchSample[],
  plain: readonly BenchSample[],
): readonly Divergence[] {
  const reference = firstRuns(plain);
  const found = new Map<number, Divergence>();
  for (const { prompt, tokens } of samples) {
    const expected = reference.get(prompt);
    if (expected === undefined || found.has(prompt)) continue;
    const position = firstDifference(tokens, expected.tokens);
    if (position === null) continue;
    found.set(prompt, { prompt, position, marginOfPlain: expected.margins[position] ?? Infinity });
  }
  return [...found.values()];
}

/** Whether every run of a prompt gave the same tokens. */
export function isRepeatable(samples: readonly BenchSample[]): boolean {
  const reference = firstRuns(samples);
  return samples.every(
    ({ prompt, tokens }) => firstDifference(tokens, reference.get(prompt)?.tokens ?? []) === null,
  );
}

/**
 * What a mode's hash is taken of: a line per prompt, in order, with the token ids of its first run
 * parted by commas. Modes with the same text have the same hash, on any machine.
 */
export function tokenStream(samples: readonly BenchSample[]): string {
  const first = [...firstRuns(samples)].toSorted(([a], [b]) => a - b);
  return first.map(([, { tokens }]) => `${tokens.join(',')}\n`).join('');
}

function firstRuns(samples: readonly BenchSample[]): ReadonlyMap<number, BenchSample> {
  const first = new Map<number, BenchSample>();
  for (const each of samples) if (!first.has(each.prompt)) first.set(each.prompt, each);
  return first;
}

function firstDifference(left: readonly number[], right: readonly number[]): number | null {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) if (left[index] !== right[index]) return index;
  return null;
}
