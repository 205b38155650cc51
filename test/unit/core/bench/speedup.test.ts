import assert from 'node:assert/strict';
import type { BenchSample, Interval } from '../../../../engine/core/bench/sample.ts';
import { speedupOver, totalSpeedupOver } from '../../../../engine/core/bench/speedup.ts';
import { sample } from './support.ts';

/** Plain decoding: 4 tokens in 100 ms per prompt and run. */
function plainSamples(prompts: number, runs = 1): BenchSample[] {
  return Array.from({ length: prompts * runs }, (_, index) =>
    sample({ prompt: index % prompts, run: Math.floor(index / prompts) }),
  );
}

/** Prompts differ in what the mode takes, 40 to 110 ms; runs of a prompt agree. */
function unequalPrompts(plain: readonly BenchSample[]): BenchSample[] {
  return plain.map((each) => ({ ...each, decodeMs: 40 + 10 * (each.prompt % 8) }));
}

function total(plain: readonly BenchSample[], samples: readonly BenchSample[]): Interval {
  const found = totalSpeedupOver(plain, samples);
  assert.ok(found);
  return found;
}

describe('speed-up', () => {
  const plain = [sample({ decodeMs: 100 }), sample({ prompt: 1, decodeMs: 300 })];

  it('in all is the ratio of the total times, unlike the median of the ratios', () => {
    const mode = [sample({ decodeMs: 50 }), sample({ prompt: 1, decodeMs: 300 })];
    assert.equal(speedupOver(plain, mode).median, 1.5);
    assert.equal(total(plain, mode).median, 400 / 350);
  });

  it('in all is that of the total times per token, however long the texts', () => {
    const long = plain.map((each) => (each.prompt === 1 ? { ...each, tokens: [1, 2, 3] } : each));
    const mode = long.map((each) => ({ ...each, decodeMs: 80 }));
    const perToken = [400 / 7, 160 / 7] as const;
    assert.ok(Math.abs(total(long, mode).median - perToken[0] / perToken[1]) < 1e-12);
  });

  it('in all charges a mode for as many tokens as plain decoding wrote', () => {
    const mode = [
      sample({ tokens: [1, 2], decodeMs: 30 }),
      sample({ prompt: 1, tokens: [1, 2, 3, 4, 5, 6, 7, 8], decodeMs: 200 }),
    ];
    assert.equal(total(plain, mode).median, 400 / (60 + 100));
  });

  it('is of paired runs only', () => {
    const untimed = { tokens: [], steps: 0, decodeMs: 0 };
    const of = [...plain, sample({ run: 1, decodeMs: 7 }), sample({ prompt: 2 })];
    const mode = [
      sample({ decodeMs: 50 }),
      sample({ prompt: 1, decodeMs: 150 }),
      sample({ prompt: 2, ...untimed }),
      sample({ prompt: 3, decodeMs: 1 }),
      sample({ run: 2, decodeMs: 1 }),
    ];
    assert.deepEqual(total(of, mode), { median: 2, low: 2, high: 2 });
    assert.deepEqual(speedupOver(of, mode), { median: 2, low: 2, high: 2 });
  });

  it('is 1 for plain decoding itself, to the last digit', () => {
    const samples = [1, 2, 3].map((run) => sample({ run, tokens: [1, 2, 3], decodeMs: 0.1 * run }));
    assert.deepEqual(total(samples, samples), { median: 1, low: 1, high: 1 });
  });

  it('is nothing without pairs', () => {
    assert.equal(totalSpeedupOver(plain, []), null);
    assert.deepEqual(speedupOver(plain, []), { median: 0, low: 0, high: 0 });
  });
});

describe('interval of a speed-up', () => {
  const figures: readonly [string, typeof total][] = [
    ['of the median', speedupOver],
    ['in all', total],
  ];
  for (const [name, speedup] of figures) {
    const width = (prompts: number, runs: number): number => {
      const plain = plainSamples(prompts, runs);
      const { low, high } = speedup(plain, unequalPrompts(plain));
      return high - low;
    };

    it(`${name} draws prompts: runs that agree do not narrow it, prompts do`, () => {
      assert.ok(Math.abs(width(8, 10) - width(8, 1)) < 1e-12);
      assert.ok(width(8, 10) > 2 * width(80, 1), `${width(8, 10)}, ${width(80, 1)}`);
    });

    it(`${name} has no width where only the runs of each prompt differ`, () => {
      const plain = plainSamples(8, 10);
      const noisy = plain.map((each) => ({ ...each, decodeMs: 50 + each.run }));
      const { low, high } = speedup(plain, noisy);
      assert.ok(high - low < 1e-12);
    });

    it(`${name} draws the runs of a single prompt`, () => {
      const plain = plainSamples(1, 20);
      const noisy = plain.map((each) => ({ ...each, decodeMs: 50 + each.run }));
      const { median, low, high } = speedup(plain, noisy);
      assert.ok(low < median && median < high);
    });
  }
});
