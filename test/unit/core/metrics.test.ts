import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LatencyWindow } from '../../../engine/core/metrics/latency.ts';
import {
  median,
  percentile,
  ratioWithInterval,
  seededRandom,
} from '../../../engine/core/metrics/percentiles.ts';

describe('percentiles', () => {
  const rows: readonly [values: number[], percent: number, expected: number | null][] = [
    [[], 50, null],
    [[7], 0, 7],
    [[7], 100, 7],
    [[1, 2], 50, 1.5],
    [[4, 1, 3, 2], 25, 1.75],
    [[4, 1, 3, 2], 75, 3.25],
    [[10, 9, 100], 50, 10],
    [[1, 2, 3, 4, 5], 95, 4.8],
    [[1, 2, 3], -5, 1],
    [[1, 2, 3], 105, 3],
  ];
  for (const [values, percent, expected] of rows) {
    it(`${percent} % of [${values.join(', ')}] -> ${expected}`, () => {
      const found = percentile(values, percent);
      if (expected === null || found === null) assert.equal(found, expected);
      else assert.ok(Math.abs(found - expected) < 1e-12);
    });
  }

  it('does not sort what it is given', () => {
    const values = [3, 1, 2];
    assert.equal(median(values), 2);
    assert.deepEqual(values, [3, 1, 2]);
  });

  it('lies between the extremes and grows with the percentage', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
    const percent = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(values, percent, percent, (all, a, b) => {
        const low = percentile(all, Math.min(a, b)) ?? NaN;
        const high = percentile(all, Math.max(a, b)) ?? NaN;
        assert.ok(Math.min(...all) <= low && low <= high && high <= Math.max(...all));
      }),
    );
  });
});

describe('ratio with its interval', () => {
  const samples = (count: number, noise: number) => {
    const random = seededRandom(1);
    return Array.from({ length: count }, () => {
      const denominator = 50 + 100 * random();
      return { numerator: 2 * denominator + noise * (random() - 0.5), denominator };
    });
  };

  it('is the ratio of the sums', () => {
    const pairs = [
      { numerator: 1, denominator: 1 },
      { numerator: 5, denominator: 2 },
    ];
    assert.equal(ratioWithInterval(pairs, { random: seededRandom(1) })?.ratio, 2);
  });

  it('is exact where all samples agree', () => {
    const estimate = ratioWithInterval(samples(20, 0), { random: seededRandom(2) });
    assert.ok(estimate);
    for (const value of Object.values(estimate) as number[]) assert.ok(Math.abs(value - 2) < 1e-9);
  });

  it('covers the true ratio about as often as it says', () => {
    const random = seededRandom(3);
    let covered = 0;
    for (let i = 0; i < 600; i++) {
      const drawn = Array.from({ length: 30 }, () => ({ numerator: random() * 2, denominator: 1 }));
      const found = ratioWithInterval(drawn, { random, resamples: 200, confidence: 0.9 });
      if (found && found.low <= 1 && found.high >= 1) covered++;
    }
    assert.ok(covered > 0.83 * 600 && covered < 0.93 * 600, `${covered} of 600`);
  });

  it('narrows with more samples, and is repeatable', () => {
    const width = (count: number): number => {
      const found = ratioWithInterval(samples(count, 100), { random: seededRandom(4) });
      return found ? found.high - found.low : NaN;
    };
    assert.ok(width(200) < width(10));
    assert.equal(width(10), width(10));
  });

  it('is null without a denominator', () => {
    const random = seededRandom(1);
    assert.equal(ratioWithInterval([], { random }), null);
    assert.equal(ratioWithInterval([{ numerator: 1, denominator: 0 }], { random }), null);
  });
});

describe('seeded random', () => {
  it('is uniform in [0, 1) and repeatable', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 10_000 }, random);
    };
    const values = draw(42);
    assert.ok(values.every((value) => value >= 0 && value < 1));
    assert.ok(Math.abs(values.reduce((a, b) => a + b) / values.length - 0.5) < 0.01);
    assert.deepEqual(values, draw(42));
    assert.notDeepEqual(values, draw(43));
  });
});

describe('latency window', () => {
  it('summarises the last latencies', () => {
    const window = new LatencyWindow(4);
    assert.equal(window.summary(), null);
    for (const ms of [1000, 1, 2, 3, 4]) window.add(ms);
    const { count, p50Ms, p95Ms } = window.summary()!;
    assert.deepEqual([count, p50Ms, p95Ms.toFixed(2)], [4, 2.5, '3.85']);
    assert.deepEqual(window.values(), [1, 2, 3, 4]);
    window.clear();
    assert.equal(window.summary(), null);
  });

  it('leaves out what is no duration', () => {
    const window = new LatencyWindow();
    for (const ms of [NaN, -1, Infinity, 0]) window.add(ms);
    assert.deepEqual(window.values(), [0]);
  });
});
