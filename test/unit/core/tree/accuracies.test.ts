import assert from 'node:assert/strict';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import {
  accuraciesFault,
  observeGuesses,
  OnlineAccuracies,
  powerLawRow,
} from '../../../../engine/core/tree/accuracies.ts';

describe('accuracies', () => {
  it('are checked', () => {
    assert.equal(accuraciesFault([[0.5, 0.2], []]), null);
    assert.match(accuraciesFault([[0.5], [1.2]])!, /distance 2/);
    assert.match(accuraciesFault([[Number.NaN]])!, /distance 1/);
    assert.match(accuraciesFault([[0.6, 0.6]])!, /above 1/);
    assert.throws(() => new OnlineAccuracies({ prior: [[2]] }), RangeError);
  });

  it('are interpolated between top-1 and top-10', () => {
    const row = powerLawRow(0.483, 0.846);
    assert.equal(row[0], 0.483);
    assert.ok(Math.abs(row.reduce((a, b) => a + b) - 0.846) < 1e-9);
    // What the published trees give away: 1.627 - 1.483 and 1.700 - 1.627.
    assert.ok(Math.abs(row[1]! - 0.144) < 0.003);
    assert.ok(Math.abs(row[2]! - 0.073) < 0.003);
  });

  it('move from the prior to what is observed, and on when that changes', () => {
    const online = new OnlineAccuracies({ prior: [[0.2, 0.1]], priorWeight: 20, halfLife: 100 });
    const random = seededRandom(5);
    const run = (p: number, count: number) => {
      for (let index = 0; index < count; index += 1) online.observe(1, random() < p ? 0 : null);
      return online.table()[0]![0]!;
    };
    assert.deepEqual(online.table(), [[0.2, 0.1]]);
    assert.ok(Math.abs(run(0.9, 1000) - 0.82) < 0.1);
    assert.ok(run(0.1, 1000) < 0.2);
    assert.equal(accuraciesFault(online.table()), null);
  });

  it('count a distance only where everything before it was right', () => {
    const online = new OnlineAccuracies({ prior: [[0], [0], [0]], priorWeight: 1 });
    const guess = (id: number) => ({ ids: Int32Array.of(id) });
    observeGuesses(online, [guess(4), guess(5), guess(6)], [4, 7]);
    assert.ok(online.table()[0]![0]! > 0.4);
    assert.deepEqual(online.table().slice(1), [[0], [0]]);
  });
});
