import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import { prunedTrees, randomTrees } from '../../../../engine/core/tree/build-tree.ts';
import { rankTreeFromPaths } from '../../../../engine/core/tree/candidate-tree.ts';
import {
  chainFigures,
  stateChain,
  stationary,
  tauOf,
} from '../../../../engine/core/tree/markov-chain.ts';
import { accuraciesArbitrary, VICUNA_7B } from './support.ts';

const near = (actual: number, expected: number, tolerance: number) => {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
};

describe('chain of states', () => {
  it('has a closed form for one prompt token', () => {
    // The root carries none, the candidate one: a miss costs a step with nothing to verify.
    const trees = [rankTreeFromPaths([], () => 1), rankTreeFromPaths([[0]], (path) => path.length)];
    const p = 0.6;
    const shareOf1 = 1 / (2 - p);
    const { stationary: shares, tau } = chainFigures(stateChain(trees, [[p]]), [1, 1]);
    near(shares[1]!, shareOf1, 1e-6);
    near(tau, 1 + p * shareOf1, 1e-6);
  });

  it('agrees with stepping through it', () => {
    fc.assert(
      fc.property(accuraciesArbitrary(3, 4), fc.nat(), (accuracies, seed) => {
        const input = { accuracies, states: 3, ensemble: 1, length: 30 };
        const trees = [randomTrees(input, seededRandom(seed)), prunedTrees(input)];
        for (const { transitions } of trees.map((each) => stateChain(each, accuracies))) {
          for (const row of transitions)
            near(
              row.reduce((a, b) => a + b),
              1,
              1e-9,
            );
          let shares = [0, 0, 0, 1];
          for (let step = 0; step < 400; step += 1) {
            shares = shares.map((_, j) =>
              shares.reduce((sum, share, k) => sum + share * transitions[k]![j]!, 0),
            );
          }
          stationary(transitions).forEach((share, state) => {
            near(share, shares[state]!, 1e-5);
          });
        }
      }),
      { numRuns: 20 },
    );
  });

  it('values the states by what they lead to', () => {
    fc.assert(
      fc.property(accuraciesArbitrary(2, 3), (accuracies) => {
        const trees = prunedTrees({ accuracies, states: 2, ensemble: 1, length: 12 });
        const chain = stateChain(trees, accuracies);
        const costs = [1, 2, 3];
        const { rate, values } = chainFigures(chain, costs);
        chain.transitions.forEach((row, state) => {
          const later = row.reduce((sum, p, next) => sum + p * values[next]!, 0);
          near(values[state]!, chain.tokens[state]! - rate * costs[state]! + later, 1e-5);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('survives trees that cannot leave a state', () => {
    const bare = rankTreeFromPaths([], () => 0);
    near(tauOf([bare, bare], [[0.5]]), 1, 1e-6);
  });

  it("gives the published 105 tree's tau with either chain (rows interpolated)", () => {
    const trees = prunedTrees({ accuracies: VICUNA_7B, states: 3, ensemble: 1, length: 109 });
    near(tauOf(trees, VICUNA_7B), 2.367, 0.015);
    near(tauOf(trees, VICUNA_7B, 'published'), 2.184, 0.015);
  });
});
