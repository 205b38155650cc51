import assert from 'node:assert/strict';
import { reportMode, type ModeReport } from '../../../../engine/core/bench/report.ts';
import type { BenchSample, PromptFacts } from '../../../../engine/core/bench/sample.ts';
import { sample } from './support.ts';

const PROMPTS: readonly PromptFacts[] = [
  { kind: 'fill-in-middle', language: 'python' },
  { kind: 'prefix', language: null },
];

function report(
  samples: readonly BenchSample[],
  plain: readonly BenchSample[],
  predictedAcceptanceLength: number | null = null,
): ModeReport {
  const sha256 = (text: string): string => `hash of ${text}`;
  return reportMode(samples, plain, { prompts: PROMPTS, predictedAcceptanceLength, sha256 });
}

describe('bench report', () => {
  it('compares each run with plain decoding of the same prompt and run', () => {
    const plain = [0, 1, 2].map((run) => sample({ run, decodeMs: 100 + run * 100 }));
    const fast = plain.map((each) => ({ ...each, steps: 2, decodeMs: each.decodeMs / 2 }));
    const { speedupOverPlain, tokensPerStep, ...rest } = report(fast, plain, 2.1);
    assert.deepEqual(speedupOverPlain, { median: 2, low: 2, high: 2 });
    assert.deepEqual(rest.totalSpeedup, { median: 2, low: 2, high: 2 });
    assert.equal(tokensPerStep, 2);
    assert.deepEqual(rest.acceptanceLength, { mean: 2, low: 2, high: 2 });
    assert.equal(rest.predictedAcceptanceLength, 2.1);
    assert.equal(rest.tokensPerSecond.median, 40);
    assert.equal(rest.identicalToPlain, true);
    assert.equal(rest.prompts, 1);
    assert.equal(rest.tokens, 12);
  });

  it('has an interval around the median of ratios that differ', () => {
    const plain = Array.from({ length: 21 }, (_, run) => sample({ run }));
    const other = plain.map((each) => ({ ...each, decodeMs: 50 + each.run }));
    const { median, low, high } = report(other, plain).speedupOverPlain;
    assert.ok(low < median && median < high);
    assert.ok(low >= 100 / 70 && high <= 2);
  });

  it('has an interval around tokens per step', () => {
    const samples = Array.from({ length: 20 }, (_, run) => sample({ run, steps: 1 + (run % 4) }));
    const { mean, low, high } = report(samples, samples).acceptanceLength;
    assert.equal(mean, 80 / 50);
    assert.ok(low < mean && mean < high && low >= 1 && high <= 4);
  });

  it('has an interval around tokens per step that draws prompts, not runs', () => {
    const runs = [0, 1, 2, 3];
    const alike = runs.flatMap((prompt) =>
      runs.map((run) => sample({ prompt, run, steps: 1 + run })),
    );
    const apart = runs.flatMap((prompt) =>
      runs.map((run) => sample({ prompt, run, steps: 1 + prompt })),
    );
    const width = (samples: readonly BenchSample[]) => {
      const { low, high } = report(samples, samples).acceptanceLength;
      return high - low;
    };
    assert.equal(width(alike), 0);
    assert.ok(width(apart) > 0.5);
  });

  const divergences: readonly [string, number[], object[]][] = [
    ['another token', [1, 2, 9, 4], [{ prompt: 0, position: 2, marginOfPlain: 0.2 }]],
    ['a shorter text', [1, 2], [{ prompt: 0, position: 2, marginOfPlain: 0.2 }]],
    ['a longer text', [1, 2, 3, 4, 5], [{ prompt: 0, position: 4, marginOfPlain: 0.4 }]],
    ['the same text', [1, 2, 3, 4], []],
  ];
  for (const [name, tokens, expected] of divergences) {
    it(`finds ${name}`, () => {
      const found = report([sample({ tokens }), sample({ tokens, run: 1 })], [sample()]);
      assert.deepEqual(found.divergences, expected);
      assert.equal(found.identicalToPlain, expected.length === 0);
    });
  }

  it('hashes the tokens of each prompt in order, whatever the order of the samples', () => {
    const samples = [
      sample({ prompt: 1, tokens: [7, 8] }),
      sample({ prompt: 0, tokens: [1, 2] }),
      sample({ prompt: 0, run: 1, tokens: [1, 2] }),
    ];
    const { tokenStreamSha256, repeatable } = report(samples, samples);
    assert.equal(tokenStreamSha256, 'hash of 1,2\n7,8\n');
    assert.equal(repeatable, true);
  });

  it('tells when a prompt is not continued in the same way each time', () => {
    const samples = [sample(), sample({ run: 1, tokens: [1, 2, 3, 5] })];
    assert.equal(report(samples, [sample()]).repeatable, false);
  });

  it('counts what was guessed and accepted at each distance', () => {
    const stepLog = [
      { guessed: 0, accepted: 0 },
      { guessed: 2, accepted: 2 },
      { guessed: 2, accepted: 1 },
      { guessed: 1, accepted: 0 },
    ];
    const samples = [sample({ stepLog })];
    assert.deepEqual(report(samples, samples).acceptanceByDistance, [
      { distance: 1, guessed: 3, accepted: 2 },
      { distance: 2, guessed: 2, accepted: 1 },
    ]);
    assert.deepEqual(report([sample()], [sample()]).acceptanceByDistance, []);
  });

  it('gives percentiles of the first line and of a token', () => {
    const samples = [10, 20, 30].map((ms, run) =>
      sample({ run, firstLineMs: ms, decodeMs: 4 * ms }),
    );
    const { firstLine, perToken } = report(samples, samples).latencyMs;
    assert.equal(firstLine.p50, 20);
    assert.equal(firstLine.p90, 28);
    assert.deepEqual(perToken, firstLine);
  });

  it('breaks the figures down by language and by kind', () => {
    const plain = [sample(), sample({ prompt: 1 })];
    const fast = [sample({ steps: 2, decodeMs: 50 }), sample({ prompt: 1, tokens: [1, 2] })];
    const { byLanguage, byKind } = report(fast, plain);
    assert.deepEqual(byLanguage, {
      python: {
        prompts: 1,
        tokens: 4,
        tokensPerStep: 2,
        tokensPerSecond: 80,
        speedupOverPlain: { median: 2, low: 2, high: 2 },
        totalSpeedup: { median: 2, low: 2, high: 2 },
      },
    });
    assert.deepEqual(Object.keys(byKind), ['fill-in-middle', 'prefix']);
    assert.equal(byKind.prefix?.tokens, 2);
    assert.equal(byKind.prefix.speedupOverPlain.median, 0.5);
  });

  it('survives prompts that the model does not continue', () => {
    const empty = [sample({ tokens: [], steps: 0, stepLog: [], decodeMs: 0 })];
    const { tokensPerSecond, identicalToPlain, acceptanceLength, ...rest } = report(empty, empty);
    assert.ok(!('totalSpeedup' in rest));
    assert.equal(tokensPerSecond.median, 0);
    assert.equal(identicalToPlain, true);
    assert.equal(acceptanceLength.mean, 0);
  });
});
