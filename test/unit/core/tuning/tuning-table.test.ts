import assert from 'node:assert/strict';
import fc from 'fast-check';
import { forwardLength } from '../../../../engine/core/tree/candidate-tree.ts';
import { layoutFault, layoutTree } from '../../../../engine/core/tree/layout-tree.ts';
import { isBelievable, profilesOf } from '../../../../engine/core/tuning/device-measurement.ts';
import { chainOf, promptTreeOf } from '../../../../engine/core/tuning/measuring-tree.ts';
import { isMeasured, passLengths } from '../../../../engine/core/tuning/pass-lengths.ts';
import { chooseFrom, tuningRow } from '../../../../engine/core/tuning/tuning-table.ts';
import { keptText, tuningText } from '../../../../engine/core/tuning/tuning-text.ts';
import { VICUNA_7B } from '../tree/support.ts';

const PROMPTS = {
  ensemble: 1,
  accuracies: VICUNA_7B,
  calibration: { weights: VICUNA_7B.map(() => [0, 1, 0] as const) },
};

/** @param perRow Milliseconds of a further row; the first takes 1. */
function profile(perRow: number) {
  const costs = Array.from({ length: 65 }, (_, n) => (n === 0 ? 0 : 1 + perRow * (n - 1)));
  return { steadyMs: costs, mixedMs: costs, plainMs: 1 };
}

function tableOf(perRow: number, prompts: typeof PROMPTS | null = PROMPTS) {
  const costs = profile(perRow);
  const input = { chains: costs, trees: prompts && costs, prompts, topK: 10 };
  return passLengths(64).map((rows) => tuningRow(input, rows));
}

describe('device tuning', () => {
  it('measures every length to 32, and steps above', () => {
    const lengths = passLengths(128);
    for (let n = 1; n <= 32; n += 1) assert.ok(lengths.includes(n));
    assert.deepEqual(lengths.slice(32), [40, 48, 64, 96, 128]);
    assert.deepEqual(passLengths(64).at(-1), 64);
    assert.ok(lengths.every((length) => isMeasured(length, 0)));
  });

  it('measures trees of exactly the length, with prompt tokens, that a batch may hold', () => {
    const prompts = fc.record({
      count: fc.integer({ min: 1, max: 6 }),
      ensemble: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 128 }), prompts, (rows, promptTokens) => {
        const { ensemble } = promptTokens;
        const input = { rows, vocabularySize: 512, promptTokens };
        for (const tree of [chainOf(input), promptTreeOf(input)]) {
          assert.equal(forwardLength(tree, ensemble), rows);
          assert.equal(layoutFault(layoutTree(tree, { ensemble })), null);
        }
        const { prompts: carried } = promptTreeOf(input);
        assert.ok(carried.every((count) => count <= promptTokens.count));
        assert.equal(
          carried.some((count) => count > 0),
          rows > ensemble,
        );
      }),
    );
  });

  it('fills in the lengths between, and means over the depths', () => {
    const passes = (factor: number) => ({
      lengths: [1, 2, 4],
      steadyMs: [1, 2, 6].map((ms) => ms * factor),
      mixedMs: [2, 4, 8].map((ms) => ms * factor),
    });
    const depth = (contextTokens: number, factor: number) => ({
      contextTokens,
      plainMs: factor,
      chains: passes(factor),
      trees: null,
    });
    const { chains, trees } = profilesOf([depth(128, 1), depth(1024, 3)]);
    assert.equal(trees, null);
    assert.deepEqual(chains, {
      steadyMs: [0, 2, 4, 8, 12],
      mixedMs: [0, 4, 8, 12, 16],
      plainMs: 2,
    });
  });

  it('does not believe what was measured while others were at work', () => {
    const lengths = passLengths(32);
    const measured = (msOf: (rows: number) => number, plainMs = 1) => {
      const times = lengths.map(msOf);
      const chains = { lengths, steadyMs: times, mixedMs: times };
      return isBelievable([{ contextTokens: 128, plainMs, chains, trees: null }]);
    };
    const quiet = (rows: number) => 0.6 + 0.4 * rows;
    assert.equal(measured(quiet), true);
    // Kernels for whole tiles make some lengths cheaper than shorter ones.
    assert.equal(
      measured((rows) => quiet(rows) * (rows === 8 ? 0.8 : 1)),
      true,
    );
    assert.equal(
      measured((rows) => quiet(rows) * (rows % 3 === 1 ? 3 : 1)),
      false,
    );
    assert.equal(measured(quiet, 0.4), false);
  });

  it('chooses long trees where rows are free, short ones where they are not, none where they cost', () => {
    const free = chooseFrom(tableOf(0.005), 1);
    const dear = chooseFrom(tableOf(0.15), 1);
    const none = chooseFrom(tableOf(1), 1);
    assert.equal(free.mode, 'ppd-static');
    assert.ok(free.rows > dear.rows && dear.rows > 1, `${free.rows} and ${dear.rows} rows`);
    assert.ok(free.speedup > dear.speedup && dear.speedup > 1);
    assert.deepEqual([none.mode, none.rows, none.speedup], ['plain', 1, 1]);
    assert.match(none.reason, /no tree of prompt tokens/);
  });

  it('predicts the published tau, and more of the optimal trees at every length', () => {
    const table = tableOf(0.01);
    const at39 = tableOf(0.01).find((row) => row.rows === 40)!;
    assert.ok(Math.abs(at39.optimal!.tau - 2.13) < 0.03, `${at39.optimal!.tau}`);
    for (const { rows, paper, optimal } of table) {
      assert.ok(optimal!.tokensPerSecond >= paper!.tokensPerSecond - 1e-6, `${rows} rows`);
    }
  });

  it('says the whole table, and why', () => {
    const table = tableOf(0.05);
    const text = tuningText({ plainMs: 1, table, choice: chooseFrom(table, 1) });
    for (const { rows } of table) assert.match(text, new RegExp(`\\| +${rows} \\|`));
    assert.match(text, /Expected to be fastest: ppd-static/);
    const without = tableOf(0.05, null);
    const plain = tuningText({ plainMs: 1, table: without, choice: chooseFrom(without, 1) });
    assert.match(plain, /has no prompt tokens/);
    assert.ok(!plain.includes('optimal'));
  });

  it('says whether the figures are used', () => {
    assert.match(keptText({ quiet: true, file: '/a.json' }), /^Mode auto .* Kept in \/a\.json$/);
    assert.match(keptText({ quiet: true, file: null }), /^Mode auto .* could not be kept\.$/);
    assert.match(keptText({ quiet: false, file: null }), /not used/);
  });
});
