import assert from 'node:assert/strict';
import { AdaptivePolicy } from '../../../../engine/core/tree/adaptive-policy.ts';
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
});
