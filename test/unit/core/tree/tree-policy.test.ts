import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AdaptivePolicy } from '../../../../engine/core/tree/adaptive-policy.ts';
import { growTree } from '../../../../engine/core/tree/adaptive-tree.ts';
import { chainTrie } from '../../../../engine/core/tree/candidate-source.ts';
import { rankTreeFromPaths } from '../../../../engine/core/tree/candidate-tree.ts';
import { StaticPolicy } from '../../../../engine/core/tree/tree-policy.ts';

const END = 9;

function guess(...ids: readonly number[]) {
  return {
    ids: Int32Array.from(ids),
    logits: Float32Array.from(ids, (_, rank) => -rank),
  };
}

describe('tree policies', () => {
  const input = {
    root: 1,
    guesses: [guess(END, 3, 4), guess(5, END)],
    maxLength: 30,
    isEnd: (token: number) => token === END,
  };
  const trees = [0, 1, 2].map((state) =>
    rankTreeFromPaths(
      [[0], [1], [0, 0], [1, 0], [1, 1], [1, 2]].filter((path) => path.length <= state),
      (path) => 2 - path.length,
    ),
  );

  it('fill ranks with guesses, and leave out end tokens and what has no guess', () => {
    const tree = new StaticPolicy(trees).plan(input);
    assert.deepEqual([...tree.tokens], [1, 3, 5]);
    assert.deepEqual([...tree.parents], [-1, 0, 1]);
    assert.deepEqual([...tree.prompts], [2, 1, 0]);
  });

  it('take the tree of the number of guesses at hand', () => {
    const policy = new StaticPolicy(trees);
    assert.equal(policy.plan({ ...input, guesses: [] }).size, 1);
    assert.deepEqual([...policy.plan({ ...input, guesses: [guess(6, 7)] }).tokens], [1, 6, 7]);
    assert.equal(new StaticPolicy([]).plan(input).size, 1);
  });

  it('grow no end tokens', () => {
    const policy = new AdaptivePolicy({
      calibration: {
        weights: [
          [2, 1, 0],
          [2, 1, 0],
        ],
      },
      ensemble: 1,
      values: Float64Array.of(-1, -0.5, 0),
      tokensPerMs: 0.001,
      latencyMs: new Array<number>(31).fill(1),
    });
    const tree = policy.plan(input);
    assert.ok(tree.size > 3);
    assert.ok(!tree.tokens.includes(END));
  });

  it('cut a lone chain where the tree that would be grown ends', () => {
    const chances = fc.array(fc.double({ min: 0.05, max: 0.99, noNaN: true }), { maxLength: 8 });
    const steps = fc.array(fc.double({ min: 0.05, max: 1.5, noNaN: true }), {
      minLength: 2,
      maxLength: 8,
    });
    fc.assert(
      fc.property(chances, steps, fc.integer({ min: 1, max: 9 }), (probable, costs, maxLength) => {
        const latencyMs = [0, 1];
        for (const cost of costs) latencyMs.push(latencyMs.at(-1)! + cost);
        const chain = probable.map((chance, token) => ({ token: 100 + token, chance }));
        const prices = { ensemble: 1, values: new Float64Array(1), tokensPerMs: 1, latencyMs };
        const grown = growTree({
          ...prices,
          root: 1,
          guesses: [],
          chains: chainTrie([chain]),
          maxLength,
        });
        const policy = new AdaptivePolicy({
          ...prices,
          calibration: null,
          furtherChains: () => [chain],
        });
        const cut = policy.plan({ ...input, guesses: [], maxLength });
        assert.deepEqual(cut, grown.tree);
      }),
    );
  });

  it('stay with a batch shape where another costs more than it gains', () => {
    const chain = [0.9, 0.9].map((chance, token) => ({ token, chance }));
    let proposed = chain.slice(0, 1);
    const policy = new AdaptivePolicy({
      calibration: null,
      ensemble: 1,
      values: new Float64Array(1),
      tokensPerMs: 1,
      latencyMs: [0, 1, 1.2, 1.9],
      mixedMs: [0, 1.3, 1.5, 2.2],
      furtherChains: () => [proposed],
    });
    assert.equal(policy.plan({ ...input, guesses: [] }).size, 2);
    proposed = chain;
    // 0.81 tokens for 0.7 ms, and 0.3 ms for the new shape.
    assert.equal(policy.plan({ ...input, guesses: [] }).size, 2);
  });
});
