/** The FIM prompt on the vocabularies of real models: what unit tests can only assume of them. */
import assert from 'node:assert/strict';
import { buildPrompt } from '../../engine/core/prompt/fim-prompt.ts';
import type { NativeModel } from '../../engine/native/addon.d.ts';
import { promptVocabulary } from '../../engine/native/vocabulary.ts';
import { openAddon } from './support/native.ts';
import { vocabularyFile } from './support/vocabularies.ts';

interface Expected {
  /** Names of a file in llama.cpp's own tests. */
  readonly name: string;
  /** Null: this vocabulary has no FIM tokens that llama.cpp knows, and the prompt is the prefix. */
  readonly fim: {
    readonly prefix: string;
    readonly suffix: string;
    readonly middle: string;
  } | null;
  /** In front of every prompt. */
  readonly beginOfText: string | null;
  /** Puts a space in front of each text it is given, and cannot tell U+2581 from a space. */
  readonly sentencePiece?: boolean;
}

const STARCODER = { prefix: '<fim_prefix>', suffix: '<fim_suffix>', middle: '<fim_middle>' };
const DEEPSEEK = {
  prefix: '<｜fim▁begin｜>',
  suffix: '<｜fim▁hole｜>',
  middle: '<｜fim▁end｜>',
};

/**
 * The Qwen2 file is of the general model: the FIM tokens came with Qwen2.5-Coder. CodeGemma's,
 * Granite's and Codestral's own vocabularies are not among llama.cpp's files.
 */
const VOCABULARIES: readonly Expected[] = [
  { name: 'starcoder', fim: STARCODER, beginOfText: null },
  { name: 'refact', fim: STARCODER, beginOfText: null },
  { name: 'deepseek-coder', fim: DEEPSEEK, beginOfText: '<｜begin▁of▁sentence｜>' },
  { name: 'qwen2', fim: null, beginOfText: null },
  { name: 'qwen35', fim: null, beginOfText: null },
  { name: 'deepseek-llm', fim: null, beginOfText: '<｜begin▁of▁sentence｜>' },
  { name: 'llama-bpe', fim: null, beginOfText: '<|begin_of_text|>' },
  { name: 'llama-spm', fim: null, beginOfText: '<s>', sentencePiece: true },
  { name: 'gpt-2', fim: null, beginOfText: null },
];

const ABOVE = 'import os\n\n\ndef naïve(größe: int) -> str:\n    """日本語 🙂"""\n';
const TYPED = '    return str(größe';
const BELOW = ')\n\n\nprint(naïve(3))\n';

/** Text that spells control tokens of every family. */
const SPELT = Object.values(STARCODER)
  .concat(Object.values(DEEPSEEK), '<|fim_prefix|>', '<|endoftext|>', '<s>', '<|begin_of_text|>')
  .map((token) => `const token = "${token}";\n`)
  .join('');

const BUDGET = 4096;

/** Lines that stand in front of the others. */
const FAR = 'import far;\n'.repeat(30);

describe('FIM prompt on real vocabularies', function () {
  this.timeout(120_000);

  for (const expected of VOCABULARIES) {
    describe(expected.name, () => {
      let model: NativeModel;

      before(async () => {
        const path = vocabularyFile(expected.name);
        const addon = await openAddon();
        model = await addon.loadModel({ path, gpuLayers: 0, vocabularyOnly: true }).model;
      });

      after(() => model.dispose());

      const spell = (tokens: readonly number[], special = false): string =>
        new TextDecoder().decode(model.detokenize(Int32Array.from(tokens), { special }));

      it(expected.fim === null ? 'has no FIM tokens' : 'has FIM tokens', () => {
        const { fim } = promptVocabulary(model);
        const spelt = fim && {
          prefix: spell([fim.prefix], true),
          suffix: spell([fim.suffix], true),
          middle: spell([fim.middle], true),
        };
        assert.deepEqual(spelt, expected.fim);
      });

      for (const [title, above] of [
        ['text', ABOVE],
        ['text that spells control tokens', SPELT],
      ] as const) {
        it(`every special token in its place, and the ${title} as it was`, () => {
          const vocabulary = promptVocabulary(model);
          const text = { prefix: FAR + above + TYPED, suffix: above + BELOW };
          const parts = split(buildPrompt(vocabulary, text, BUDGET).tokens, model, expected);
          const spelt = parts.map((each) => spell(each));
          if (expected.fim === null) {
            assert.deepEqual(spelt, [asKept(FAR + above, expected) + asKept(TYPED, expected)]);
            return;
          }
          const [far = '', suffix, near = ''] = spelt;
          assert.deepEqual([far + near, suffix], [text.prefix, text.suffix]);
          assert.ok(far !== '' && near.endsWith(above + TYPED));
        });
      }
    });
  }
});

function asKept(text: string, { sentencePiece = false }: Expected): string {
  return sentencePiece ? ` ${text.replaceAll('\u2581', ' ')}` : text;
}

/**
 * Takes a prompt apart at its special tokens, which have to be those that belong there, in their
 * order, and no other: text never becomes one.
 */
function split(
  tokens: readonly number[],
  model: NativeModel,
  { fim, beginOfText }: Expected,
): readonly (readonly number[])[] {
  const parts: number[][] = [[]];
  const special: string[] = [];
  for (const token of tokens) {
    if (model.isControl(token) || model.isEndOfGeneration(token)) {
      const spelt = model.detokenize(Int32Array.of(token), { special: true });
      special.push(new TextDecoder().decode(spelt));
      parts.push([]);
    } else parts.at(-1)?.push(token);
  }
  const begin = beginOfText === null ? [] : [beginOfText];
  const marks = fim === null ? [] : [fim.prefix, fim.suffix, fim.middle];
  assert.deepEqual(special, [...begin, ...marks]);
  // What comes before the first special token: nothing.
  if (special.length > 0) assert.deepEqual(parts.shift(), []);
  if (begin.length > 0 && fim !== null) assert.deepEqual(parts.shift(), []);
  return parts;
}
