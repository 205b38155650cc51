import assert from 'node:assert/strict';
import type { DecodeResult, NativeContext, NativeModel } from '../../engine/native/addon.d.ts';
import { layoutTree } from '../../engine/core/tree/layout-tree.ts';
import { tokenTree } from '../../engine/core/tree/candidate-tree.ts';
import { NativeTreeDecoder } from '../../engine/native/native-tree-decoder.ts';
import { loadModel, scratchFile, trainedModelPath } from './support/native.ts';
import { tinyLlama, toGguf } from './support/tiny-models.ts';
import { chain, CONTEXT, TEXT } from './support/trees.ts';

const models: readonly (readonly [string, () => string])[] = [
  ['a tiny F32 model', () => scratchFile('one-sequence.gguf', toGguf(tinyLlama()))],
  ['the trained model', trainedModelPath],
];

for (const [name, path] of models) {
  describe(`a context that begins with one sequence, ${name}`, function () {
    this.timeout(60_000);
    let model: NativeModel;
    let one: NativeContext;
    let all: NativeContext;
    let prompt: readonly number[];

    before(async () => {
      model = await loadModel(path());
      prompt = [...model.tokenize(TEXT)];
    });
    after(() => model.dispose());
    beforeEach(async () => {
      one = await model.createContext({ ...CONTEXT, keyType: 'q8_0', beginWithOne: true });
      all = await model.createContext({ ...CONTEXT, keyType: 'q8_0' });
    });
    afterEach(async () => {
      await one.dispose();
      await all.dispose();
    });

    /** The same of both contexts, number by number. */
    const both = async <T>(of: (context: NativeContext) => Promise<T>): Promise<T> => {
      const expected = await of(all);
      assert.deepEqual(await of(one), expected);
      return expected;
    };
    const never = () => false;

    it('decodes text, chains and trees as one of all sequences does', async () => {
      const decoders = new Map([one, all].map((each) => [each, new NativeTreeDecoder(each)]));
      const of = <T>(step: (decoder: NativeTreeDecoder) => Promise<T>) =>
        both((context) => step(decoders.get(context)!));
      const next = prompt[0]!;
      const branching = tokenTree([
        { parent: -1, label: next, prompts: 0 },
        { parent: 0, label: 3, prompts: 0 },
        { parent: 0, label: 4, prompts: 0 },
        { parent: 2, label: 5, prompts: 0 },
      ]);
      const forward = (decoder: NativeTreeDecoder, tree = branching) =>
        decoder.forward(layoutTree(tree, { ensemble: 1 }));

      await of((decoder) => decoder.prefill(prompt, never));
      await of((decoder) => forward(decoder, chain([next, 7, 9])));
      await of(async (decoder) => {
        decoder.keep([0, 1]);
        return decoder.append([11]);
      });
      // From here on the text is in a cache of all sequences.
      await of((decoder) => forward(decoder));
      await of(async (decoder) => {
        decoder.keep([0, 2, 3]);
        return decoder.append([12]);
      });
      await of(async (decoder) => {
        decoder.truncate(prompt.length);
        return forward(decoder);
      });
    });

    it('a tree may be the first there is', async () => {
      const tree: Parameters<NativeContext['decodeTree']>[0] = {
        tokens: Int32Array.of(9, 3, 17),
        slots: Int32Array.of(-1, -1, -1),
        offsets: Int32Array.of(0, 1, 1),
        sequenceCounts: Int32Array.of(2, 1, 1),
        sequences: Int32Array.of(0, 1, 0, 1),
        outputs: Int32Array.of(0, 1, 2),
        topK: 20,
      };
      await both((context) => context.decodeTree(tree));
    });

    it('a copy of the text, and a second text, are sequences of their own', async () => {
      const decode = (
        context: NativeContext,
        sequence: number,
        position: number,
        tokens: readonly number[],
      ): Promise<DecodeResult> =>
        context.decode({
          tokens: Int32Array.from(tokens),
          sequence,
          position,
          outputs: 1,
          topK: 20,
        });
      await both((context) => decode(context, 0, 0, prompt));
      await both(async (context) => {
        context.copyTokens(0, 2, 0, prompt.length);
        return decode(context, 2, prompt.length, [5]);
      });
      await both((context) => decode(context, 1, 0, prompt.slice(2)));
      await both((context) => decode(context, 0, prompt.length, [5]));
      await both((context) => Promise.resolve([0, 1, 2, 3].map((n) => context.sequenceLength(n))));
    });

    it('needs no more memory than the other', () => {
      assert.equal(one.memoryBytes, all.memoryBytes);
    });
  });
}
