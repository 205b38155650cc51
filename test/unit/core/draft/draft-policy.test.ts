import assert from 'node:assert/strict';
import { methodOfMode, methodOfSettings } from '../../../../engine/core/decode/decoding-method.ts';
import { draftPolicy } from '../../../../engine/core/decode/draft/draft-policy.ts';
import { DEFAULT_TREE_SETTINGS } from '../../../../engine/core/decode/tree-settings.ts';
import { NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
import { qualityOf } from './support.ts';

const EVERYTHING = methodOfSettings({ ...DEFAULT_TREE_SETTINGS, draft: true, depth: 8 });

/** Rows are next to free. */
const COSTS = Array.from({ length: 33 }, (_, n) => 1 + n / 1000);

const DRAFTED = [20, 21, 22];
const GUESSED = [30, 31];
/** What followed [1, 2, 3] before. */
const EARLIER = [4, 5];

function treeOf(method = EVERYTHING, prompts = 2) {
  const policy = draftPolicy({
    method,
    latencyMs: COSTS,
    tokensPerMs: () => 1,
    drafted: () => [DRAFTED.map((token) => ({ token, chance: 0.9 }))],
    ngrams: new NgramIndex([1, 2, 3, ...EARLIER, 9, 1, 2, 3]),
    prompts: {
      quality: qualityOf(prompts),
      costs: { steadyMs: COSTS, mixedMs: COSTS },
    },
  });
  const guesses = GUESSED.map((token) => ({
    ids: Int32Array.of(token, token + 10),
    logits: Float32Array.of(0, -0.5),
  }));
  const { tokens, prompts: carried } = policy.plan({
    root: 3,
    guesses: guesses.slice(0, prompts),
    maxLength: 32,
    isEnd: () => false,
  });
  const has = (wanted: readonly number[]) => wanted.every((token) => tokens.includes(token));
  return {
    drafted: has(DRAFTED),
    earlier: has(EARLIER),
    guessed: has(GUESSED),
    prompts: carried.some((count) => count > 0),
  };
}

describe('tree of a draft', () => {
  it('holds what the draft, the prompt tokens and earlier text say, where all are on', () => {
    assert.deepEqual(treeOf(), { drafted: true, earlier: true, guessed: true, prompts: true });
  });

  it('leaves out what is off, or not there', () => {
    const withoutPrompts = { drafted: true, earlier: true, guessed: false, prompts: false };
    assert.deepEqual(treeOf({ ...EVERYTHING, targetPrompts: 0 }), withoutPrompts);
    assert.deepEqual(treeOf(EVERYTHING, 0), withoutPrompts);
    const draftAlone = { ...withoutPrompts, earlier: false };
    for (const mode of ['draft', 'draft-ppd'] as const) {
      assert.deepEqual(treeOf(methodOfMode(mode)), draftAlone);
    }
    const settings = { ...DEFAULT_TREE_SETTINGS, draft: true, ngram: false, depth: 8 };
    assert.deepEqual(treeOf(methodOfSettings(settings)), draftAlone);
  });
});
