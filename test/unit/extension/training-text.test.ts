import assert from 'node:assert/strict';
import type { TrainingProgress } from '../../../engine/protocol.ts';
import { estimatedMinutes, gainText, progressText } from '../../../extension/training-text.ts';

const shares = (...top10: readonly number[]) => ({ top1: [], top5: [], top10 });

describe('what is said of a training', () => {
  const limits = { steps: 1000, minutes: 30 };
  const cases: readonly [parameters: number, threads: number, minutes: number][] = [
    [6e6, 2, 2],
    [6e6, 64, 1],
    [1e8, 8, 8],
    [7e9, 8, 30],
  ];
  for (const [parameterCount, threads, minutes] of cases) {
    it(`${parameterCount} parameters, ${threads} threads: ${minutes} min`, () => {
      assert.equal(estimatedMinutes({ parameterCount }, threads, limits), minutes);
    });
  }

  it('progress', () => {
    const progress: TrainingProgress = {
      ...{ trainingId: 1, phase: 'training', fraction: 0.3, steps: 120 },
      ...{ secondsLeft: 130, loss: [3.123, 4], guesses: shares(0.55, 0.406, 0.36) },
    };
    assert.equal(progressText(progress), 'step 120, loss 3.12, top 10: 55/41/36 %, 3 min left');
    const first = { ...progress, steps: 0, loss: [], guesses: null, secondsLeft: null };
    assert.equal(progressText(first), 'step 0');
  });

  it('the gain', () => {
    const report = { trained: shares(0.5, 0.4), untrained: shares(0.25, 0.1) };
    assert.equal(gainText(report), '50/40 % instead of 25/10 %');
  });
});
