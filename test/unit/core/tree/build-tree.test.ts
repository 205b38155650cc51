import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import {
  naiveTrees,
  prunedTrees,
  randomTrees,
  topPaths,
} from '../../../../engine/core/tree/build-tree.ts';
import { forwardLength, treeDepth } from '../../../../engine/core/tree/candidate-tree.ts';
import { tauOf } from '../../../../engine/core/tree/markov-chain.ts';
import { optimalTrees } from '../../../../engine/core/tree/optimal-tree.ts';
import { accuraciesArbitrary, VICUNA_7B } from './support.ts';

const NOISE = 1e-6;

describe('published trees', () => {
  it('take the candidates of greatest chance first', () => {
    const paths = topPaths([[0.5, 0.2], [0.6]], 2, 3);
    assert.deepEqual(paths, [[0], [0, 0], [1]]);
    assert.deepEqual(topPaths([[0.5, 0.2], [0.6]], 1, 9), [[0], [1]]);
  });

  it('are better the more thought goes in: optimal, pruned, naive, random', () => {
    fc.assert(
      fc.property(
        accuraciesArbitrary(3, 4),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(),
        (accuracies, states, ensemble, length, seed) => {
          const input = { accuracies, states, ensemble, length };
          const latencyMs = new Array<number>(length + 1).fill(1);
          const [optimal] = optimalTrees({ ...input, latencyMs }, [length]).table;
          const ladder = [
            optimal!.trees,
            prunedTrees(input),
            naiveTrees(input),
            randomTrees(input, seededRandom(seed)),
          ];
          for (const [state, tree] of ladder.flatMap((trees) => [...trees.entries()])) {
            assert.ok(forwardLength(tree, ensemble) <= length, `${forwardLength(tree, ensemble)}`);
            assert.ok(treeDepth(tree) <= state);
          }
          const taus = ladder.map((trees) => tauOf(trees, accuracies));
          for (let index = 1; index < taus.length; index += 1) {
            assert.ok(taus[index - 1]! >= taus[index]! - NOISE, taus.join(' '));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  // ppd.md section 4, "tau against true forward length"; the table's naive row at 8, 12, 24 rows.
  for (const [length, pruned] of [
    [9, 1.627],
    [14, 1.83],
    [24, 1.983],
    [39, 2.108],
    [64, 2.245],
    [109, 2.367],
  ] as const) {
    it(`come to about ${pruned} tokens per step with ${length} rows (rows interpolated)`, () => {
      const trees = prunedTrees({ accuracies: VICUNA_7B, states: 3, ensemble: 1, length });
      assert.ok(Math.abs(tauOf(trees, VICUNA_7B) - pruned) < 0.02);
    });
  }
});
