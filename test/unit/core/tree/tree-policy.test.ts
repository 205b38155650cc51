import assert from 'node:assert/strict';
import fc from 'fast-check';
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

  it('cut a lone chain to the length of 1, 2, 4, ... rows that is worth most', () => {
    const chances = fc.array(fc.double({ min: 0.05, max: 0.99, noNaN: true }), { maxLength: 9 });
    const steps = fc.array(fc.double({ min: 0.05, max: 1.5, noNaN: true }), {
      minLength: 2,
      maxLength: 9,
    });
    const most = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(chances, steps, most, most, (probable, costs, maxLength, wanted) => {
        const latencyMs = [0, 1];
        for (const cost of costs) latencyMs.push(latencyMs.at(-1)! + cost);
        const chain = probable.map((chance, token) => ({ token: 100 + token, chance }));
        const policy = new AdaptivePolicy({
          calibration: null,
          ensemble: 1,
          values: new Float64Array(1),
          tokensPerMs: 1,
          latencyMs,
          furtherChains: () => [chain],
        });
        const { size } = policy.plan({ ...input, guesses: [], maxLength, wanted });
        const longest = Math.min(maxLength, wanted, chain.length + 1, latencyMs.length - 1);
        const lengths = [1, 2, 4, 8].filter((rows) => rows <= longest);
        const worth = (rows: number) => {
          let reach = 1;
          let tokens = 1;
          for (const { chance } of chain.slice(0, rows - 1)) tokens += reach *= chance;
          return tokens - latencyMs[rows]!;
        };
        const best = Math.max(...lengths.map(worth));
        assert.ok(lengths.includes(size), `${size} rows`);
        assert.ok(worth(size) > best - 1e-9, `${size} rows`);
      }),
    );
  });

  it('stay with a batch shape where another costs more than it gains', () => {
    const chain = [0.9, 0.9, 0.9].map((chance, token) => ({ token, chance }));
    let proposed = chain.slice(0, 1);
    const policy = new AdaptivePolicy({
      calibration: null,
      ensemble: 1,
      values: new Float64Array(1),
      tokensPerMs: 1,
      latencyMs: [0, 1, 1.2, 1.9, 2.6],
      mixedMs: [0, 1.3, 1.5, 2.2, 2.9],
      furtherChains: () => [proposed],
    });
    assert.equal(policy.plan({ ...input, guesses: [] }).size, 2);
    proposed = chain;
    // 1.54 tokens for 1.4 ms, and 0.3 ms for the new shape.
    assert.equal(policy.plan({ ...input, guesses: [] }).size, 2);
  });

  it('take any number of rows, at what one more costs, in a pass that reads the prompt', () => {
    const policyOf = (mixedMs: readonly number[]): AdaptivePolicy =>
      new AdaptivePolicy({
        calibration: null,
        ensemble: 1,
        values: new Float64Array(1),
        tokensPerMs: 1,
        latencyMs: mixedMs,
        furtherChains: () => [[0.8, 0.8, 0.8].map((chance, token) => ({ token, chance }))],
      });
    // 0.8, 0.64 and 0.51 tokens; alone the third row costs more than it gains.
    const rising = policyOf([0, 1, 1.3, 2.2, 2.9, 3]);
    assert.equal(rising.plan({ ...input, guesses: [] }).size, 2);
    // Behind 2 tokens of the prompt rows cost 0.7, 0.1, and beyond the table what the last half did: 0.6.
    assert.equal(rising.plan({ ...input, guesses: [], reads: 2 }).size, 3);
    assert.equal(rising.plan({ ...input, guesses: [], reads: 40 }).size, 3);
    const cheap = policyOf([0, 1, 1.3, 1.6, 1.7, 1.8]);
    assert.equal(cheap.plan({ ...input, guesses: [], reads: 40 }).size, 4);
  });

  it('learn no rate from a pass that reads the prompt', () => {
    const policy = new AdaptivePolicy({
      calibration: null,
      ensemble: 1,
      values: new Float64Array(1),
      tokensPerMs: 1,
      latencyMs: [0, 1, 1.75, 3],
      furtherChains: () => [[{ token: 5, chance: 0.8 }]],
    });
    const size = (): number => policy.plan({ ...input, guesses: [] }).size;
    assert.equal(size(), 2);
    policy.observe([5, 6]);
    for (let step = 0; step < 50; step += 1) {
      policy.plan({ ...input, guesses: [], reads: 9 });
      policy.observe([5, 6, 7, 8, 9]);
    }
    assert.equal(size(), 2);
  });
});
