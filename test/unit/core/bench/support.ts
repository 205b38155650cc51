import type { BenchSample } from '../../../../engine/core/bench/sample.ts';

/** Four tokens and the end of the text in four steps and 100 ms, unless told. */
export function sample(overrides: Partial<BenchSample> = {}): BenchSample {
  const tokens = overrides.tokens ?? [1, 2, 3, 4];
  return {
    prompt: 0,
    run: 0,
    tokens,
    margins: [...tokens.keys(), tokens.length].map((index) => index / 10),
    steps: tokens.length,
    stepLog: tokens.map(() => ({ guessed: 0, accepted: 0 })),
    decodeMs: 100,
    firstLineMs: 50,
    ...overrides,
  };
}
