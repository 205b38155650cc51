import assert from 'node:assert/strict';
import fc from 'fast-check';
import { growTree, type GrowInput } from '../../../../engine/core/tree/adaptive-tree.ts';
import { chainTrie, type Guess } from '../../../../engine/core/tree/candidate-source.ts';
import { forwardLength, rankTree } from '../../../../engine/core/tree/candidate-tree.ts';
import { reachChances, stopChances } from '../../../../engine/core/tree/expected-gain.ts';
import { MaxHeap } from '../../../../engine/core/tree/max-heap.ts';
import { bestTreesBySize } from '../../../../engine/core/tree/tree-knapsack.ts';
import { accuraciesArbitrary } from './support.ts';

const BASE: GrowInput = {
  root: 99,
  guesses: [],
  chains: null,
  ensemble: 1,
  values: Float64Array.of(-0.5, -0.1, 0),
  tokensPerMs: 0.1,
  latencyMs: Array.from({ length: 33 }, (_, n) => 10 + n / 2),
  maxLength: 32,
};

/** The rank of a guess is its token, so that trees can be compared. */
function guessesOf(accuracies: readonly (readonly number[])[]): readonly (readonly Guess[])[] {
  return accuracies.map((row) => row.map((chance, token) => ({ token, chance })));
}

/** f(T) + sum of q(v) h_n(v). */
function worth(input: GrowInput, accuracies: readonly (readonly number[])[]) {
  const { tree, tokens } = growTree(input);
  const ranks = rankTree(
    Array.from({ length: tree.size }, (_, node) => ({
      parent: tree.parents[node]!,
      label: tree.tokens[node]!,
      prompts: tree.prompts[node]!,
    })),
  );
  const reach = reachChances(ranks, accuracies);
  const stop = stopChances(ranks, reach);
  const f = reach.reduce((sum, c) => sum + c, -1);
  assert.ok(Math.abs(1 + f - tokens) < 1e-9);
  const value = stop.reduce((sum, q, node) => sum + q * input.values[tree.prompts[node]!]!, f);
  return { value, length: forwardLength(tree, input.ensemble) };
}

describe('adaptive tree', () => {
  it('grows deep where it is sure, wide where it is not, not at all where it is clueless', () => {
    const tree = (chances: readonly number[]) =>
      growTree({ ...BASE, guesses: guessesOf([chances, chances]), maxLength: 8 }).tree;
    assert.ok(tree([0.95, 0.01]).depths.includes(2));
    assert.ok(tree([0.3, 0.28, 0.26]).depths.filter((depth) => depth === 1).length >= 2);
    assert.equal(tree([0.01, 0.01]).size, 1);
  });

  it('keeps within the budget and near the best tree there is', () => {
    let grown = 0;
    let best = 0;
    fc.assert(
      fc.property(
        accuraciesArbitrary(2, 4),
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 2 }),
        (accuracies, maxLength, ensemble) => {
          const input = { ...BASE, guesses: guessesOf(accuracies), maxLength, ensemble };
          const { value, length } = worth(input, accuracies);
          assert.ok(length <= maxLength);
          const optimal = bestTreesBySize({
            accuracies,
            depth: 2,
            ensemble,
            values: BASE.values,
            length: maxLength,
          });
          const net = (n: number) => optimal.value(n) - BASE.tokensPerMs * BASE.latencyMs[n]!;
          const top = Math.max(...Array.from({ length: maxLength }, (_, n) => net(n + 1)));
          const own = value - BASE.tokensPerMs * BASE.latencyMs[length]!;
          assert.ok(own <= top + 1e-9, 'better than the best');
          assert.ok(own >= net(1) - 1e-9, 'worse than none');
          grown += own - net(1);
          best += top - net(1);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
    assert.ok(grown > 0.95 * best, `${grown / best} of what an exact search gains`);
  });

  it('follows a chain past the reach of the prompt tokens, sharing prefixes', () => {
    const chains = chainTrie([[1, 2, 3, 4, 5].map((token) => ({ token, chance: 0.95 }))]);
    const { tree } = growTree({ ...BASE, chains, guesses: [[{ token: 1, chance: 0.3 }]] });
    assert.deepEqual([...tree.tokens], [99, 1, 2, 3, 4, 5]);
  });

  it('hands out the greatest first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (keys) => {
        const heap = new MaxHeap<number>();
        for (const key of keys) heap.push(key, key);
        const out = keys.map(() => heap.pop());
        assert.deepEqual(
          out,
          [...keys].sort((a, b) => b - a),
        );
        assert.equal(heap.pop(), undefined);
      }),
    );
  });
});
