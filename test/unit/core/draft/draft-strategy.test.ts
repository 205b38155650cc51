import assert from 'node:assert/strict';
import fc from 'fast-check';
import { argmax } from '../../../../engine/core/decode/decoder.ts';
import { PlainStrategy } from '../../../../engine/core/decode/plain.ts';
import type { DecodingStrategy } from '../../../../engine/core/decode/strategy.ts';
import { greedyAfterLead } from '../../../../engine/core/decode/token-choice.ts';
import { FakeDecoder, FakeModel } from '../../../support/fake-model.ts';
import { DraftOf, openDraft, type DraftScene } from './support.ts';

const VOCABULARY = 14;

/** Dear and cheap drafts, flat and steep passes. */
const COSTS = [
  { latencyMs: Array.from({ length: 13 }, (_, n) => 10 + n / 10), draftMs: 0.5, readMs: 0.05 },
  { latencyMs: [0, 1, 1.3, 1.75, 2.3, 2.8, 3.35, 4, 4.6], draftMs: 0.2, readMs: 0.1 },
  { latencyMs: [0, 10, 11, 12, 13, 21, 22, 23, 24], draftMs: 3, readMs: 1 },
  { latencyMs: [0, 1, 2, 3], draftMs: 5, readMs: 5 },
  { latencyMs: [0, 1], draftMs: 0.1, readMs: 0.1 },
];

interface Scene extends DraftScene {
  readonly target: FakeModel;
}

const scenes: fc.Arbitrary<Scene> = fc
  .record({
    seed: fc.nat(),
    agreement: fc.constantFrom(0, 0.5, 0.8, 0.95, 1),
    prompt: fc.array(fc.nat(VOCABULARY - 1), { minLength: 1, maxLength: 12 }),
    tail: fc.integer({ min: 1, max: 12 }),
    draftPrompts: fc.nat(2),
    targetPrompts: fc.nat(2),
    ngrams: fc.boolean(),
    costs: fc.constantFrom(...COSTS),
  })
  .map(({ seed, agreement, ...scene }) => {
    const target = new FakeModel(seed, VOCABULARY);
    return {
      ...scene,
      target,
      draft: new DraftOf(target, new FakeModel(seed + 1, VOCABULARY), agreement),
    };
  });

/** Steps until something ends it or enough tokens are out. */
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

function isPrefix(short: readonly number[], long: readonly number[]): boolean {
  return short.length <= long.length && short.every((token, index) => token === long[index]);
}

describe('decoding with a draft', () => {
  it("gives greedy decoding's tokens, both caches in step, whatever the draft says", async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { target, draft, strategy } = await openDraft(scene);
        const tokens: number[] = [];
        while (tokens.length < 30) {
          const step = await strategy.step();
          assert.ok(step.kind === 'accepted');
          tokens.push(...step.tokens);
          const text = [...scene.prompt, ...tokens];
          assert.deepEqual(target.tokens, text.slice(0, -1));
          assert.ok(isPrefix(draft.tokens, text.slice(0, -1)));
        }
        assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
      }),
      { numRuns: 120 },
    );
  });

  it('spells white space that was held back like plain decoding', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(6), async (scene, blanks) => {
        const choose = () =>
          greedyAfterLead(' '.repeat(blanks), (id) => (id % 4 === 0 ? ' ' : 'x'));
        const { strategy } = await openDraft({ ...scene, choose: choose() });
        const plainDecoder = new FakeDecoder(scene.target);
        const tokens = await run(strategy, 16);
        const plain = new PlainStrategy(plainDecoder, scene.prompt, choose());
        assert.deepEqual(tokens, await run(plain, tokens.length));
      }),
      { numRuns: 60 },
    );
  });

  it('can be cancelled in any pass of either model and resumed', async () => {
    await fc.assert(
      fc.asyncProperty(
        scenes,
        fc.constantFrom('target', 'draft'),
        fc.nat(12),
        async (scene, whose, pass) => {
          const opened = await openDraft(scene);
          opened[whose].cancelIn = pass;
          const tokens: number[] = [];
          let cancelled = 0;
          while (tokens.length < 30) {
            const step = await opened.strategy.step();
            if (step.kind === 'accepted') tokens.push(...step.tokens);
            else cancelled += 1;
            const text = [...scene.prompt, ...tokens];
            // The tail is read in the first step, or in the one that comes in its place.
            const unread = tokens.length === 0 ? Math.min(scene.tail ?? 1, text.length) : 1;
            assert.deepEqual(opened.target.tokens, text.slice(0, -unread));
            if (step.kind === 'accepted') {
              assert.ok(isPrefix(opened.draft.tokens, text.slice(0, -1)));
            } else if (whose === 'draft') {
              assert.ok(isPrefix(opened.draft.tokens, text.slice(0, -1)));
            }
          }
          assert.ok(cancelled <= 1);
          assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
        },
      ),
      { numRuns: 120 },
    );
  });

  it('fills the context to the last cell, as plain decoding does', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(20), async (scene, room) => {
        const capacity = scene.prompt.length + room;
        const { target, strategy } = await openDraft({ ...scene, capacity });
        const plainDecoder = new FakeDecoder(scene.target, capacity);
        const plain = new PlainStrategy(plainDecoder, scene.prompt, argmax);
        assert.deepEqual(await run(strategy, 99), await run(plain, 99));
        assert.equal(target.length, capacity);
        assert.deepEqual(await strategy.step(), { kind: 'context-full' });
      }),
      { numRuns: 60 },
    );
  });

  it('goes on without a draft whose context is smaller', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.integer({ min: -4, max: 20 }), async (scene, room) => {
        const draftCapacity = Math.max(1, scene.prompt.length + room);
        const { draft, strategy } = await openDraft({ ...scene, draftCapacity });
        const tokens = await run(strategy, 30);
        assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
        assert.ok(draft.length <= draftCapacity);
      }),
      { numRuns: 80 },
    );
  });

  it('never passes over an end token, and drafts none', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(VOCABULARY - 1), async (scene, end) => {
        const isEnd = (token: number) => token === end;
        const { target, strategy } = await openDraft({ ...scene, isEnd });
        const tokens: number[] = [];
        while (tokens.length < 20 && !tokens.includes(end)) {
          const step = await strategy.step();
          assert.ok(step.kind === 'accepted');
          tokens.push(...step.tokens);
        }
        assert.ok(!tokens.slice(0, -1).includes(end));
        assert.ok(!target.tokens.slice(scene.prompt.length).includes(end));
        assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
      }),
      { numRuns: 60 },
    );
  });

  it('asks the draft in those steps alone in which it may', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.array(fc.boolean(), { minLength: 40 }), async (scene, asked) => {
        let step = 0;
        const isAsked = () => asked[step++ % asked.length]!;
        const { draft, strategy } = await openDraft({ ...scene, isAsked });
        const tokens: number[] = [];
        while (tokens.length < 24) {
          const passes = draft.passes;
          const next = await strategy.step();
          assert.ok(next.kind === 'accepted');
          tokens.push(...next.tokens);
          if (step > 0 && !asked[(step - 1) % asked.length]!) assert.equal(draft.passes, passes);
        }
        assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
      }),
      { numRuns: 40 },
    );
  });

  it('shows the draft no token that it does not know', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(VOCABULARY), async (scene, sharedTokens) => {
        const { draft, strategy } = await openDraft({ ...scene, sharedTokens });
        const tokens = await run(strategy, 20);
        assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
        assert.ok(draft.tokens.every((token) => token < sharedTokens));
      }),
      { numRuns: 40 },
    );
  });

  it('goes on from what the draft has read of an earlier text', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, fc.nat(30), async (scene, length) => {
        const held = scene.prompt.slice(0, length);
        const { strategy } = await openDraft({ ...scene, held });
        const tokens = await run(strategy, 20);
        assert.deepEqual(tokens, scene.target.greedy(scene.prompt, tokens.length));
      }),
      { numRuns: 40 },
    );
  });
});
