import assert from 'node:assert/strict';
import fc from 'fast-check';
import { argmax } from '../../../../engine/core/decode/decoder.ts';
import { PlainStrategy } from '../../../../engine/core/decode/plain.ts';
import type { DecodingStrategy } from '../../../../engine/core/decode/strategy.ts';
import { greedyAfterLead } from '../../../../engine/core/decode/token-choice.ts';
import {
  TreeStrategy,
  type TreeStrategyInput,
} from '../../../../engine/core/decode/tree-strategy.ts';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import { methodOfMode } from '../../../../engine/core/decode/decoding-method.ts';
import { methodPolicy } from '../../../../engine/core/decode/method-policy.ts';
import { AdaptivePolicy } from '../../../../engine/core/tree/adaptive-policy.ts';
import { prunedTrees, randomTrees } from '../../../../engine/core/tree/build-tree.ts';
import { tokenTree, type TokenTree } from '../../../../engine/core/tree/candidate-tree.ts';
import { mergeChains } from '../../../../engine/core/tree/merge-chains.ts';
import { NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
import {
  StaticPolicy,
  type PlanInput,
  type TreePolicy,
} from '../../../../engine/core/tree/tree-policy.ts';
import { RecentCompletions } from '../../../../engine/decoding/recent-completions.ts';
import { FakeDecoder, FakeModel } from '../../../support/fake-model.ts';
import { calibratedGuesser, FakeTreeDecoder } from '../../../support/fake-tree-model.ts';
import { treeArbitrary } from './support.ts';

const VOCABULARY = 12;
const PROFILE = [0.6, 0.15, 0.05];

interface Scene {
  readonly seed: number;
  readonly prompt: readonly number[];
  /** Tokens of the prompt, at most, that the first step reads. */
  readonly tail: number;
  readonly states: number;
  readonly ensemble: number;
  readonly length: number;
  readonly shapes: readonly number[];
  /** Trees that have nothing to do with the model. */
  readonly junk: readonly TokenTree[];
  readonly policy: keyof typeof POLICIES;
}

/** So cheap that long chains pay. */
const SHORT_PASSES = Array.from({ length: 13 }, (_, n) => 1 + n / 20);

const accuraciesOf = ({ states }: Scene) => Array.from({ length: states }, () => PROFILE);

/** Prices that make trees worth growing. */
const adaptive = (scene: Scene, ngrams: boolean, guesses: boolean): TreePolicy =>
  new AdaptivePolicy({
    calibration: guesses ? { weights: accuraciesOf(scene).map(() => [0, 1, 0] as const) } : null,
    ensemble: scene.ensemble,
    values: Float64Array.from({ length: scene.states + 1 }, (_, k) => (k - scene.states) / 4),
    tokensPerMs: 0.01,
    latencyMs: Array.from({ length: 41 }, (_, n) => 1 + n / 10),
    ...(ngrams ? { ngrams: new NgramIndex(scene.prompt) } : {}),
  });

const builder = (scene: Scene) => ({ ...scene, accuracies: accuraciesOf(scene) });

/** Other texts in front, and recalled ones: what the model writes, right and with every fifth token wrong. */
function recalling({ seed, prompt }: Scene): NgramIndex {
  const written = [...prompt, ...new FakeModel(seed, VOCABULARY).greedy(prompt, 30)];
  const wrong = written.map((token, at) => (at % 5 === 4 ? (token + 1) % VOCABULARY : token));
  const recent = new RecentCompletions();
  for (const text of [written, wrong]) recent.remember(text.slice(0, 3), text.slice(3));
  const ngrams = new NgramIndex();
  ngrams.seed([wrong.toReversed(), wrong.slice(4)]);
  ngrams.recall(recent.texts);
  ngrams.sync(prompt);
  return ngrams;
}

const POLICIES = {
  pruned: (scene: Scene) => new StaticPolicy(prunedTrees(builder(scene))),
  random: (scene: Scene) => new StaticPolicy(randomTrees(builder(scene), seededRandom(scene.seed))),
  none: () => new StaticPolicy([]),
  adaptive: (scene: Scene) => adaptive(scene, false, true),
  ngrams: (scene: Scene) => adaptive(scene, true, false),
  lookup: (scene: Scene) =>
    methodPolicy({
      method: methodOfMode('ngram'),
      prompts: null,
      costs: { steadyMs: SHORT_PASSES, mixedMs: SHORT_PASSES },
      ngrams: new NgramIndex(scene.prompt),
    }),
  merged: (scene: Scene) => adaptive(scene, true, true),
  recalled: (scene: Scene) =>
    methodPolicy({
      method: methodOfMode('ngram'),
      prompts: null,
      costs: { steadyMs: SHORT_PASSES, mixedMs: SHORT_PASSES },
      ngrams: recalling(scene),
    }),
  junk: ({ junk }: Scene): TreePolicy => {
    let turn = 0;
    return {
      plan: ({ root, guesses }) => {
        const tree = junk[turn++ % junk.length]!;
        const tokens = Int32Array.from(tree.tokens, (token, node) => (node === 0 ? root : token));
        const chain = guesses.map((row) => row.ids[0]!);
        return mergeChains({ ...tree, tokens }, [chain]);
      },
      observe: () => undefined,
    };
  },
};

const scenes: fc.Arbitrary<Scene> = fc
  .record({
    seed: fc.nat(),
    prompt: fc.array(fc.nat(VOCABULARY - 1), { minLength: 1, maxLength: 12 }),
    tail: fc.integer({ min: 1, max: 12 }),
    states: fc.integer({ min: 1, max: 3 }),
    ensemble: fc.integer({ min: 1, max: 2 }),
    length: fc.integer({ min: 1, max: 24 }),
    shapes: fc.constantFrom([], [4, 8, 16, 24]),
    policy: fc.constantFrom(...(Object.keys(POLICIES) as (keyof typeof POLICIES)[])),
  })
  .chain((scene) =>
    fc
      .array(treeArbitrary(VOCABULARY, 10, 3), { minLength: 1, maxLength: 3 })
      .map((junk) => ({ ...scene, junk })),
  );

async function open(scene: Scene, overrides: Partial<TreeStrategyInput> = {}, capacity?: number) {
  const model = new FakeModel(scene.seed, VOCABULARY);
  const guesser = calibratedGuesser(model, seededRandom(scene.seed), () => PROFILE);
  const decoder = new FakeTreeDecoder(
    model,
    guesser,
    { count: scene.states, ensemble: scene.ensemble },
    capacity,
  );
  const tail = scene.prompt.slice(-scene.tail);
  const head = scene.prompt.slice(0, -tail.length);
  if (head.length > 0) await decoder.append(head);
  const policy = POLICIES[scene.policy](scene);
  const strategy = new TreeStrategy({
    decoder,
    tail,
    policy,
    choose: argmax,
    isEnd: () => false,
    maxLength: scene.length,
    shapes: scene.shapes,
    ...overrides,
  });
  return { model, decoder, strategy };
}

/** Steps until the context is full or enough tokens are out. */
async function run(strategy: DecodingStrategy, count: number): Promise<readonly number[]> {
  const tokens: number[] = [];
  while (tokens.length < count) {
    const step = await strategy.step();
    if (step.kind !== 'accepted') break;
    assert.equal(step.margins.length, step.tokens.length);
    tokens.push(...step.tokens);
  }
  return tokens;
}

describe('tree decoding', () => {
  it("gives greedy decoding's tokens, and its cache holds them, whatever is guessed", async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { model, decoder, strategy } = await open(scene);
        const tokens: number[] = [];
        while (tokens.length < 24) {
          const step = await strategy.step();
          assert.ok(step.kind === 'accepted');
          tokens.push(...step.tokens);
          assert.deepEqual(decoder.tokens, [...scene.prompt, ...tokens.slice(0, -1)]);
        }
        assert.deepEqual(tokens, model.greedy(scene.prompt, tokens.length));
        assert.ok(decoder.rows < decoder.forwards * scene.length + scene.tail);
      }),
      { numRuns: 120 },
    );
  });

  it('spells white space that was held back like plain decoding', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(6), async (scene, blanks) => {
        const choose = () =>
          greedyAfterLead(' '.repeat(blanks), (id) => (id % 4 === 0 ? ' ' : 'x'));
        const { model, strategy } = await open(scene, { choose: choose() });
        const plainDecoder = new FakeDecoder(model);
        const tokens = await run(strategy, 16);
        const plain = new PlainStrategy(plainDecoder, scene.prompt, choose());
        assert.deepEqual(tokens, await run(plain, tokens.length));
      }),
      { numRuns: 60 },
    );
  });

  it('can be cancelled at any step and resumed', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(10), async (scene, at) => {
        const { model, decoder, strategy } = await open(scene);
        const tokens: number[] = [];
        let cancelled = 0;
        for (let step = 0; step < 12; step += 1) {
          decoder.cancelNext = step === at + 1;
          const before = [...decoder.tokens];
          const result = await strategy.step();
          if (result.kind === 'accepted') tokens.push(...result.tokens);
          else {
            assert.deepEqual(decoder.tokens, before);
            cancelled += 1;
          }
        }
        assert.equal(cancelled, 1);
        assert.deepEqual(tokens, model.greedy(scene.prompt, tokens.length));
      }),
      { numRuns: 30 },
    );
  });

  it('fills the context to the last cell, as plain decoding does', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(20), async (scene, room) => {
        const capacity = scene.prompt.length + room;
        const { model, decoder, strategy } = await open(scene, {}, capacity);
        const plainDecoder = new FakeDecoder(model, capacity);
        const plain = new PlainStrategy(plainDecoder, scene.prompt, argmax);
        assert.deepEqual(await run(strategy, 99), await run(plain, 99));
        assert.equal(decoder.length, capacity);
        assert.deepEqual(await strategy.step(), { kind: 'context-full' });
      }),
      { numRuns: 40 },
    );
  });

  it('never passes over an end token', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(VOCABULARY - 1), async (scene, end) => {
        const isEnd = (token: number) => token === end;
        const { model, decoder, strategy } = await open(scene, { isEnd });
        const tokens: number[] = [];
        while (tokens.length < 20 && !tokens.includes(end)) {
          const step = await strategy.step();
          assert.ok(step.kind === 'accepted');
          tokens.push(...step.tokens);
        }
        assert.ok(!tokens.slice(0, -1).includes(end));
        assert.ok(!decoder.tokens.slice(scene.prompt.length).includes(end));
        assert.deepEqual(tokens, model.greedy(scene.prompt, tokens.length));
      }),
      { numRuns: 40 },
    );
  });

  it('guesses in the pass that reads the end of the prompt', async () => {
    const model = new FakeModel(3, VOCABULARY);
    const prompt = [1, 2, 3, 4];
    const [first, second, third] = model.greedy(prompt, 3);
    const decoder = new FakeTreeDecoder(
      model,
      (context, distance) => model.row(model.greedy(context, distance)),
      { count: 2, ensemble: 1 },
    );
    await decoder.append([1, 2]);
    const plans: PlanInput[] = [];
    const policy: TreePolicy = {
      plan: (input) => {
        plans.push(input);
        const candidates = input.reads === 1 ? [first!, second!] : [];
        return tokenTree(
          [input.root, ...candidates].map((label, node) => ({
            parent: node - 1,
            label,
            prompts: 2,
          })),
        );
      },
      observe: () => undefined,
    };
    const strategy = new TreeStrategy({
      decoder,
      tail: [3, 4],
      policy,
      choose: argmax,
      isEnd: () => false,
      maxLength: 9,
    });
    const step = await strategy.step();
    assert.ok(step.kind === 'accepted');
    assert.deepEqual(step.tokens, [first, second, third]);
    assert.equal(decoder.forwards, 1);
    assert.deepEqual(decoder.tokens, [...prompt, first, second]);
    await strategy.step();
    assert.deepEqual(
      plans.map(({ root, reads, guesses }) => [root, reads, guesses.length]),
      [
        [4, 1, 0],
        [third, 0, 2],
      ],
    );
  });
});
