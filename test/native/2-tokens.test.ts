import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LlamaModel, Token } from 'node-llama-cpp';
import type { NativeModel } from '../../engine/native/addon.d.ts';
import { failure, loadModel, scratchFile, trainedModelPath } from './support/native.ts';
import { referenceModel } from './support/reference.ts';
import { FIM_NAMES, tinyLlama, toGguf } from './support/tiny-models.ts';

const SAMPLES: readonly string[] = [
  '',
  ' ',
  '\n',
  '\r\n\t',
  'def f(x):\n    return x + 1\n',
  '    \t  indented',
  'naïve café – „quotes“',
  '漢字かなカナ',
  '👩‍👩‍👧‍👦 family',
  'e\u0301 combining',
  '\u0000 nul \u0000',
  'a'.repeat(10_000),
];

function text(model: NativeModel, tokens: Int32Array, special = false): string {
  return new TextDecoder().decode(model.detokenize(tokens, { special }));
}

function suite(name: string, path: () => string): void {
  describe(`tokens of ${name}`, function () {
    this.timeout(60_000);
    let model: NativeModel;
    let reference: LlamaModel;
    const cleanUps: (() => Promise<void>)[] = [];

    before(async () => {
      const file = path();
      model = await loadModel(file);
      reference = await referenceModel(file);
      cleanUps.push(
        () => reference.dispose(),
        () => model.dispose(),
      );
    });
    after(async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    });

    for (const sample of SAMPLES) {
      it(`agree with node-llama-cpp on ${JSON.stringify(sample.slice(0, 30))}`, () => {
        assert.deepEqual([...model.tokenize(sample)], reference.tokenize(sample));
      });
    }

    it('give the text back', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (sample) => {
          assert.equal(text(model, model.tokenize(sample)), sample);
        }),
        { numRuns: 200, seed: 1 },
      );
    });

    it('agree with node-llama-cpp on any text, in both directions', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (sample) => {
          const tokens = model.tokenize(sample);
          assert.deepEqual([...tokens], reference.tokenize(sample));
          assert.equal(text(model, tokens), reference.detokenize([...tokens] as Token[]));
        }),
        { numRuns: 200, seed: 2 },
      );
    });

    it('replace lone surrogates', () => {
      for (const lone of ['\ud800', 'a\udc00b', '\udfff\ud800']) {
        const wellFormed = lone.replace(/[\ud800-\udfff]/g, '\ufffd');
        assert.deepEqual(model.tokenize(lone), model.tokenize(wellFormed));
        assert.equal(text(model, model.tokenize(lone)), wellFormed);
      }
    });

    it('of user text are never control tokens', () => {
      for (const token of controlTokens(model)) {
        const spelling = text(model, Int32Array.of(token), true);
        const plain = model.tokenize(`x${spelling}y`);
        assert.ok(!plain.some((id) => model.isControl(id)), spelling);
        assert.equal(text(model, plain), `x${spelling}y`);
        assert.ok(model.tokenize(`x${spelling}y`, { parseSpecial: true }).includes(token));
        assert.equal(text(model, Int32Array.of(token)), '');
      }
    });

    it('are checked', async () => {
      const size = model.info.vocabularySize;
      for (const token of [-1, size, 2 ** 31 - 1]) {
        assert.equal(
          await failure(() => model.detokenize(Int32Array.of(token))),
          'invalid-argument',
        );
        assert.equal(await failure(() => model.isControl(token)), 'invalid-argument');
      }
    });
  });
}

function controlTokens(model: NativeModel): number[] {
  const ids = Array.from({ length: model.info.vocabularySize }, (_, id) => id);
  return ids.filter((id) => model.isControl(id)).slice(0, 20);
}

suite('a tiny model', () => scratchFile('tokens.gguf', toGguf(tinyLlama())));
suite('the trained model', trainedModelPath);

describe('special tokens', () => {
  it('are found by their metadata', async () => {
    const model = await loadModel(scratchFile('fim.gguf', toGguf(tinyLlama())));
    const { prefix, suffix, middle, pad, repository, separator } = model.info.fimTokens;
    const spelled = FIM_NAMES.map((name) => {
      const [token] = model.tokenize(`<|${name}|>`, { parseSpecial: true });
      return token;
    });
    assert.deepEqual([prefix, suffix, middle, pad, repository, separator], spelled);
    const [end] = model.tokenize('<|endoftext|>', { parseSpecial: true });
    assert.ok(end !== undefined && model.isEndOfGeneration(end));
    assert.ok(model.info.endOfGenerationTokens.includes(end));
    await model.dispose();
  });

  it('are null where the vocabulary has none', async () => {
    const model = await loadModel(
      scratchFile('no-fim.gguf', toGguf(tinyLlama({ withFim: false }))),
    );
    assert.deepEqual(new Set(Object.values(model.info.fimTokens)), new Set([null]));
    assert.equal(model.info.beginOfTextToken, null);
    assert.equal(model.info.addBeginOfText, false);
    await model.dispose();
  });
});
