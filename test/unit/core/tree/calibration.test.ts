import assert from 'node:assert/strict';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import {
  calibratedChances,
  calibrationSamples,
  fitCalibration,
  type CalibrationSample,
} from '../../../../engine/core/tree/calibration.ts';

function samples(
  count: number,
  weights: readonly [number, number, number],
): readonly CalibrationSample[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, () => {
    const logOdds = 8 * random() - 5;
    const rank = Math.floor(10 * random());
    const score = weights[0] + weights[1] * logOdds + weights[2] * Math.log(1 + rank);
    return { distance: 2, logOdds, rank, hit: random() < 1 / (1 + Math.exp(-score)) };
  });
}

describe('calibration', () => {
  it('finds the weights that made the samples', () => {
    const truth = [-0.4, 0.6, -0.5] as const;
    const { weights } = fitCalibration(samples(8000, truth), 2);
    weights[1]!.forEach((weight, index) => {
      assert.ok(Math.abs(weight - truth[index]!) < 0.15, `${weight}`);
    });
    // Nothing was seen at distance 1: the softmax is taken at its word.
    weights[0]!.forEach((weight, index) => {
      assert.ok(Math.abs(weight - [0, 1, 0][index]!) < 1e-6);
    });
  });

  it('stays finite where the samples are separable', () => {
    const all = samples(200, [0, 1, 0]).map((each) => ({ ...each, hit: each.logOdds > 0 }));
    for (const weight of fitCalibration(all, 2).weights[1]!) assert.ok(Number.isFinite(weight));
  });

  const row = {
    ids: Int32Array.of(4, 5, 6),
    logits: Float32Array.of(Math.log(0.7), Math.log(0.2), Math.log(0.1)),
  };

  it('gives chances that add up to no more than 1', () => {
    const trusting = calibratedChances({ weights: [[0, 1, 0]] }, 1, row, 2);
    assert.deepEqual(
      trusting.map((p) => Number(p.toFixed(5))),
      [0.7, 0.2],
    );
    const wild = calibratedChances({ weights: [[5, 1, 0]] }, 1, row, 3);
    assert.ok(wild.reduce((a, b) => a + b) <= 1 + 1e-12);
    assert.deepEqual(calibratedChances({ weights: [] }, 1, row, 3), []);
  });

  it('learns from the distances whose token is known', () => {
    const learnt = calibrationSamples([row, row, row], [5, 9], 2);
    assert.deepEqual(
      learnt.map(({ distance, rank, hit }) => [distance, rank, hit]),
      [
        [1, 0, false],
        [1, 1, true],
        [2, 0, false],
        [2, 1, false],
      ],
    );
    assert.ok(Math.abs(learnt[0]!.logOdds - Math.log(0.7 / 0.3)) < 1e-5);
  });
});
