import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { requantise } from '../../bench/gpu/gguf/requantise.ts';
import { compareVocabularies } from '../../engine/draft/compare-vocabularies.ts';
import type { NativeModel } from '../../engine/native/addon.d.ts';
import { continued, openPair, promptTokensOf, type Pair } from './support/drafts.ts';
import {
  failure,
  loadModel,
  scratchDirectory,
  scratchFile,
  trainedModelPath,
} from './support/native.ts';
import { seededRandom } from './support/random.ts';
import { tinyLlama, toGguf, withMetadata } from './support/tiny-models.ts';
import { BATCH_SHAPE_TOLERANCE, below } from './support/trees.ts';

const MODES = ['draft', 'draft-ppd'] as const;
const TOKENS = 24;

const PROMPTS = [
  'def get_total(self):\n    return self.total\n\ndef set_total(self, ',
  "const items = new Map();\nitems.set('a', 1);\nitems.set('b', 2);\nitems.",
  'for (int index = 0; index < n; index++) {\n    sum += index;\n}\nfor (int ',
  'class Path:\n    def __init__(self, value):\n        self.value = value\n\n    ',
  'func result(a int, b int) int {\n\tif a > b {\n\t\treturn a\n\t}\n\t',
  '{\n  "name": [1, 2, 3],\n  "names": [1, 2, 3],\n  "',
  'import { readFile } from "node:fs/promises";\n\nexport async function load(path: string) {\n  ',
  '// The user of all entries.\nlet users = entries.map((each) => each.user',
];

const tinyFile = (name: string, model = tinyLlama()) => scratchFile(name, toGguf(model));

/** Real drafts, which are sometimes wrong; what they are taken for is as it ships. */
const OTHER_DRAFTS = [
  ['the one that ships', () => trainedModelPath().replace(/(\.[^.]+\.gguf)$/, '-draft$1')],
  ['the model in four bits', () => quantisedCopy(trainedModelPath())],
] as const;

/** With the model's prompt tokens beside it: they are not of this edition, and guess less well. */
function quantisedCopy(modelPath: string): string {
  const copy = join(scratchDirectory(), 'draft-copy.Q4_0.gguf');
  requantise(modelPath, copy, 'Q4_0');
  copyFileSync(promptTokensOf(modelPath), promptTokensOf(copy));
  return copy;
}

describe('greedy decoding with a draft', function () {
  this.timeout(240_000);

  describe('that is the model itself', () => {
    let pair: Pair;
    before(async () => {
      pair = await openPair(trainedModelPath(), trainedModelPath());
    });
    after(() => pair.dispose());

    for (const mode of MODES) {
      it(`${mode}: the text of plain decoding, near ties excepted; few passes`, async () => {
        const { perStep, ties } = await againstPlain(pair, mode);
        assert.ok(ties <= 1, `${ties} ties`);
        assert.ok(perStep > 4, `${perStep}`);
      });
    }

    it('is cancelled at any moment with both caches as they should be', async () => {
      const random = seededRandom(12);
      const prompt = [...pair.model.tokenize(PROMPTS[6]!)];
      const plain = await continued(pair, prompt, { mode: 'plain', count: TOKENS });
      let cancelled = 0;
      for (let round = 0; round < 40; round += 1) {
        const mode = MODES[round % 2]!;
        pair.decoder.truncate(below(random, prompt.length));
        pair.draftDecoder.truncate(below(random, prompt.length));
        const controller = new AbortController();
        const timer = setTimeout(() => {
          controller.abort();
        }, random() * 60);
        const { signal } = controller;
        const cut = await continued(pair, prompt, { mode, count: TOKENS, signal });
        clearTimeout(timer);
        if (cut.cancelled) cancelled += 1;
        assertBegins(plain.tokens, cut.tokens, plain.margins);
        // The next request does not wait for what the draft is at.
        const { tokens } = await continued(pair, prompt, { mode, count: TOKENS });
        assertBegins(plain.tokens, tokens, plain.margins);
        assert.equal(pair.context.sequenceLength(0), pair.decoder.length);
        assert.equal(pair.draftContext.sequenceLength(0), pair.draftDecoder.length);
      }
      assert.ok(cancelled > 5, `${cancelled} of 40 cancelled`);
    });
  });

  for (const [name, draftPath] of OTHER_DRAFTS) {
    describe(`that is ${name}`, () => {
      let pair: Pair;
      before(async () => {
        pair = await openPair(trainedModelPath(), draftPath(), { trained: true });
      });
      after(() => pair.dispose());

      for (const mode of [...MODES, 'everything'] as const) {
        it(`${mode}: the text of plain decoding, near ties excepted`, async () => {
          const { perStep, ties } = await againstPlain(pair, mode);
          assert.ok(ties <= PROMPTS.length / 2, `${ties} ties`);
          // Nothing is proved by guesses that are never taken.
          assert.ok(perStep > 1.2, `${perStep}`);
        });
      }
    });
  }

  describe('that knows nothing', () => {
    it('decodes exactly as without', async () => {
      const target = tinyFile('draft-target.gguf', tinyLlama({ seed: 5 }));
      const draft = tinyFile('draft-draft.gguf', tinyLlama({ seed: 6, layers: 1 }));
      const pair = await openPair(target, draft);
      const random = seededRandom(4);
      for (let round = 0; round < 6; round += 1) {
        const prompt = Array.from({ length: 12 }, () => below(random, 256));
        const plain = await continued(pair, prompt, { mode: 'plain', count: 40 });
        for (const mode of MODES) {
          const { tokens } = await continued(pair, prompt, { mode, count: 40 });
          assertBegins(plain.tokens, tokens, plain.margins);
        }
      }
      await pair.dispose();
    });

    it('falls silent where its context is shorter than the text', async () => {
      const file = tinyFile('draft-short.gguf', tinyLlama({ seed: 5 }));
      const pair = await openPair(file, file, { draftContextLength: 256 });
      const prompt = Array.from({ length: 250 }, (_, index) => (index * 7) % 256);
      const plain = await continued(pair, prompt, { mode: 'plain', count: 60 });
      const drafted = await continued(pair, prompt, { mode: 'draft', count: 60 });
      assertBegins(plain.tokens, drafted.tokens, plain.margins);
      assert.ok(drafted.steps < 60 && drafted.steps > 50, `${drafted.steps}`);
      await pair.dispose();
    });
  });

  it('gives its memory back, also while it reads', async () => {
    const pair = await openPair(trainedModelPath(), trainedModelPath());
    const prompt = [...pair.model.tokenize(PROMPTS.join('\n').repeat(2))].slice(0, 400);
    const running = continued(pair, prompt, { mode: 'draft', count: 1 });
    await pair.draft.dispose();
    await running;
    assert.equal(await failure(() => pair.draftContext.sequenceLength(0)), 'disposed');
    assert.equal(await failure(() => pair.draftModel.tokenize('x')), 'disposed');
    assert.equal(pair.context.sequenceLength(0), pair.decoder.length);
    await pair.dispose();
  });
});

/** Every prompt plainly and in the mode; fails where they part at what is no near tie. */
async function againstPlain(
  pair: Pair,
  mode: 'everything' | (typeof MODES)[number],
): Promise<{ readonly perStep: number; readonly ties: number }> {
  let steps = 0;
  let ties = 0;
  for (const text of PROMPTS) {
    const prompt = [...pair.model.tokenize(text)];
    const plain = await continued(pair, prompt, { mode: 'plain', count: TOKENS });
    const drafted = await continued(pair, prompt, { mode, count: TOKENS });
    steps += drafted.steps;
    const parting = plain.tokens.findIndex((token, i) => token !== drafted.tokens[i]);
    if (parting >= 0) {
      ties += 1;
      assert.ok(plain.margins[parting]! <= BATCH_SHAPE_TOLERANCE, `${text} at ${parting}`);
    }
    assert.equal(pair.context.sequenceLength(0), pair.decoder.length);
    assert.equal(pair.draftContext.sequenceLength(0), pair.draftDecoder.length);
  }
  const perStep = (PROMPTS.length * TOKENS) / steps;
  console.log(`      ${perStep.toFixed(2)} tokens a pass, ${ties} tied`);
  return { perStep, ties };
}

/** Equal as far as both go, or parted at a near tie. */
function assertBegins(
  expected: readonly number[],
  actual: readonly number[],
  margins: readonly number[],
): void {
  const parting = actual.findIndex((token, i) => i < expected.length && token !== expected[i]);
  if (parting >= 0) assert.ok(margins[parting]! <= BATCH_SHAPE_TOLERANCE, `parted at ${parting}`);
}

describe('vocabularies of a draft and its model', () => {
  const models: NativeModel[] = [];
  const load = async (path: string): Promise<NativeModel> => {
    const model = await loadModel(path);
    models.push(model);
    return model;
  };
  after(async () => {
    for (const model of models) await model.dispose();
  });

  it('are the same token by token', async () => {
    const target = await load(trainedModelPath());
    const draft = await load(trainedModelPath());
    const { vocabularySize } = target.info;
    assert.deepEqual(compareVocabularies(target, draft), { kind: 'same', shared: vocabularySize });
    const tiny = await load(tinyFile('vocabulary.gguf'));
    assert.deepEqual(compareVocabularies(target, tiny), {
      kind: 'different',
      why: `it has ${tiny.info.vocabularySize} tokens, the model ${vocabularySize}`,
    });
  });

  it('differ by a text, or by a special token', async () => {
    const tiny = tinyLlama();
    const target = await load(tinyFile('vocabulary-target.gguf', tiny));
    const texts = tiny.metadata.get('tokenizer.ggml.tokens');
    const types = tiny.metadata.get('tokenizer.ggml.token_type');
    assert.ok(texts?.type === 'strings' && types?.type === 'i32s');
    const otherText = withMetadata(tiny, {
      'tokenizer.ggml.tokens': { ...texts, value: texts.value.with(261, 'xyzzy') },
    });
    const otherType = withMetadata(tiny, {
      'tokenizer.ggml.token_type': { ...types, value: types.value.with(261, 3) },
    });
    const compare = async (name: string, model: typeof tiny) =>
      compareVocabularies(target, await load(tinyFile(name, model)));
    assert.deepEqual(await compare('vocabulary-text.gguf', otherText), {
      kind: 'different',
      why: 'token 261 is another text',
    });
    const type = await compare('vocabulary-type.gguf', otherType);
    assert.ok(type.kind === 'different');
    assert.match(type.why, /^token 261 is /);
    const noFim = await compare('vocabulary-fim.gguf', tinyLlama({ withFim: false }));
    assert.equal(noFim.kind, 'different');
  });
});
