import assert from 'node:assert/strict';
import { rootTree } from '../../../../engine/core/tree/candidate-tree.ts';
import { NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
import { AutoPolicy } from '../../../../engine/core/tuning/auto-policy.ts';
import {
  baselineCosts,
  MethodController,
} from '../../../../engine/core/tuning/method-controller.ts';

const INPUT = { root: 1, guesses: [], maxLength: 8, isEnd: () => false };

/** Steps of one contender beside the baseline, by a clock that the test moves. */
function setup() {
  let clock = 0;
  const recorded: number[] = [];
  const controller = new MethodController<string>({
    baseline: 'plain',
    methods: ['fast'],
    baselineMs: baselineCosts(),
  });
  const record = controller.record.bind(controller);
  controller.record = (ms, tokens) => {
    recorded.push(ms);
    record(ms, tokens);
  };
  const ngrams = new NgramIndex();
  const policy = new AutoPolicy({
    controller,
    contender: (method) =>
      method === 'plain'
        ? null
        : {
            policy: { plan: ({ root }) => rootTree(root), observe: () => undefined },
            indexes: false,
          },
    ngrams,
    now: () => clock,
  });
  const step = (ms: number, tokens: readonly number[], reads = 0): void => {
    policy.plan({ ...INPUT, reads });
    clock += ms;
    policy.observe(tokens, []);
  };
  return { policy, recorded, ngrams, step };
}

describe('the policy of auto', () => {
  it('learns what steps take, but of one that reads a part of the prompt', () => {
    const { recorded, step } = setup();
    step(40, [5, 6], 3);
    step(2, [7]);
    step(3, [8, 9]);
    assert.deepEqual(recorded, [2, 3]);
  });

  it('tells by which method the tokens came, the first ones too', () => {
    const { policy, ngrams, step } = setup();
    step(40, [5, 6], 3);
    step(2, [7]);
    const tokens = [...policy.takeTokens().values()].reduce((sum, each) => sum + each, 0);
    assert.equal(tokens, 3);
    assert.equal(policy.takeTokens().size, 0);
    assert.equal(ngrams.length, 3);
  });
});
