import assert from 'node:assert/strict';
import { reportMode, type BenchSample } from '../../../engine/core/bench/report.ts';

function sample(overrides: Partial<BenchSample>): BenchSample {
  const tokens = overrides.tokens ?? [1, 2, 3, 4];
  return {
    prompt: 0,
    run: 0,
    tokens,
    margins: tokens.map((_, index) => index / 10),
    steps: tokens.length,
    decodeMs: 100,
    ...overrides,
  };
}

describe('bench report', () => {
  it('compares each run with plain decoding of the same prompt and run', () => {
    const plain = [0, 1, 2].map((run) => sample({ run, decodeMs: 100 + run * 100 }));
    const fast = plain.map((each) => ({ ...each, steps: 2, decodeMs: each.decodeMs / 2 }));
    const report = reportMode(fast, plain);
    assert.deepEqual(report.speedupOverPlain, { median: 2, low: 2, high: 2 });
    assert.equal(report.tokensPerStep, 2);
    assert.equal(report.tokensPerSecond.median, 40);
    assert.equal(report.identicalToPlain, true);
    assert.equal(report.prompts, 1);
    assert.equal(report.tokens, 12);
  });

  it('has an interval around the median of ratios that differ', () => {
    const plain = Array.from({ length: 21 }, (_, run) => sample({ run }));
    const other = plain.map((each) => ({ ...each, decodeMs: 50 + each.run }));
    const { median, low, high } = reportMode(other, plain).speedupOverPlain;
    assert.ok(low < median && median < high);
    assert.ok(low >= 100 / 70 && high <= 2);
  });

  const divergences: readonly [string, number[], object[]][] = [
    ['another token', [1, 2, 9, 4], [{ prompt: 0, position: 2, marginOfPlain: 0.2 }]],
    ['a shorter text', [1, 2], [{ prompt: 0, position: 2, marginOfPlain: 0.2 }]],
    ['a longer text', [1, 2, 3, 4, 5], [{ prompt: 0, position: 4, marginOfPlain: 0 }]],
    ['the same text', [1, 2, 3, 4], []],
  ];
  for (const [name, tokens, expected] of divergences) {
    it(`finds ${name}`, () => {
      const report = reportMode([sample({ tokens }), sample({ tokens, run: 1 })], [sample({})]);
      assert.deepEqual(report.divergences, expected);
      assert.equal(report.identicalToPlain, expected.length === 0);
    });
  }

  it('survives prompts that the model does not continue', () => {
    const empty = [sample({ tokens: [], steps: 1, decodeMs: 0 })];
    const report = reportMode(empty, empty);
    assert.equal(report.tokensPerSecond.median, 0);
    assert.equal(report.identicalToPlain, true);
  });
});
