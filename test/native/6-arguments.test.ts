import assert from 'node:assert/strict';
import type { NativeContext, NativeModel } from '../../engine/native/addon.d.ts';
import { failure, loadModel, openAddon, scratchFile, SMALL_CONTEXT } from './support/native.ts';
import { tinyLlama, toGguf } from './support/tiny-models.ts';

/** A function of unknown arguments: these tests pass what the types forbid. */
type Loose = (...args: unknown[]) => unknown;

const BATCH = {
  tokens: Int32Array.of(1, 2),
  sequence: 0,
  position: 0,
  outputs: 1,
  topK: 5,
};

describe('arguments', () => {
  let model: NativeModel;
  let context: NativeContext;

  before(async () => {
    model = await loadModel(scratchFile('arguments.gguf', toGguf(tinyLlama())));
    context = await model.createContext({ ...SMALL_CONTEXT, outputRows: 8 });
  });
  after(() => model.dispose());

  const refused = async (call: () => unknown) => {
    // At once, not by a rejected promise.
    let result: unknown;
    const code = await failure(() => {
      result = call();
    });
    if (result instanceof Promise) await result;
    assert.equal(code, 'invalid-argument');
  };

  const wholeNumbers = [undefined, null, '1', 1.5, NaN, Infinity, -2, 2 ** 40, {}, 1n];

  const batches: Readonly<Record<string, readonly unknown[]>> = {
    tokens: [
      undefined,
      null,
      [1, 2],
      new Uint32Array([1]),
      new Float32Array([1]),
      new Int32Array(0),
      Int32Array.of(-1),
      Int32Array.of(272),
      Int32Array.of(1, 2 ** 31 - 1),
    ],
    sequence: [...wholeNumbers, 8, 255, 256],
    position: [...wholeNumbers, 1, 512],
    outputs: [undefined, null, '', 'last', -1, 1.5, 1e9, [1]],
    topK: [...wholeNumbers, 0, 257],
    normalise: [null, 1, 'yes'],
    blocking: [null, 1, 'yes'],
  };
  for (const [key, values] of Object.entries(batches)) {
    it(`decode checks ${key}`, async () => {
      const decode = context.decode.bind(context) as Loose;
      for (const value of values) await refused(() => decode({ ...BATCH, [key]: value }));
      assert.equal(context.sequenceLength(0), 0);
    });
  }

  it('decode limits outputs to outputRows, the tokens, and the last batch', async () => {
    const decode = context.decode.bind(context) as Loose;
    const refuses = (count: number, outputs: number): Promise<void> =>
      refused(() => decode({ ...BATCH, tokens: new Int32Array(count).fill(1), outputs }));
    assert.deepEqual([context.batchSize, context.outputRows], [64, 8]);
    await refuses(9, 9);
    await refuses(3, 4);
    await refuses(66, 3);
    assert.equal(context.sequenceLength(0), 0);
  });

  it('decode wants a batch', async () => {
    const decode = context.decode.bind(context) as Loose;
    for (const value of [undefined, null, 1, 'batch', () => 0]) await refused(() => decode(value));
  });

  it('createContext checks every option', async () => {
    const create = model.createContext.bind(model) as Loose;
    await refused(() => create());
    const keys = ['contextLength', 'batchSize', 'threads', 'batchThreads', 'sequences'];
    for (const key of keys) {
      for (const value of [...wholeNumbers, 0]) {
        await refused(() => create({ ...SMALL_CONTEXT, [key]: value }));
      }
    }
    await refused(() => create({ ...SMALL_CONTEXT, sequences: 256 }));
    await refused(() => create({ ...SMALL_CONTEXT, flashAttention: undefined }));
    await refused(() => create({ ...SMALL_CONTEXT, outputRows: 0 }));
    for (const type of [null, 8, 'bf16', 'F16']) {
      await refused(() => create({ ...SMALL_CONTEXT, keyType: type }));
    }
  });

  it('createContext refuses a cache larger than any memory', async () => {
    // 256 layers x 128 bytes x 2^24 tokens: half a tebibyte.
    const path = scratchFile('deep.gguf', toGguf(tinyLlama({ layers: 256 })));
    const deep = await loadModel(path);
    const options = { ...SMALL_CONTEXT, contextLength: 2 ** 24 };
    await assert.rejects(deep.createContext(options), { code: 'out-of-memory', message: /GiB/ });
    await deep.dispose();
  });

  it('loadModel checks every option', async () => {
    const addon = await openAddon();
    const load = addon.loadModel.bind(addon) as Loose;
    const options = { path: 'model.gguf', gpuLayers: 0 };
    for (const value of [undefined, null, 'model.gguf']) await refused(() => load(value));
    for (const path of [undefined, 1, '', 'a\0b']) await refused(() => load({ ...options, path }));
    for (const gpuLayers of wholeNumbers) await refused(() => load({ ...options, gpuLayers }));
    await refused(() => load({ ...options, useMmap: 1 }));
    await refused(() => load({ ...options, vocabularyOnly: 'no' }));
    await refused(() => load({ ...options, onProgress: {} }));
  });

  it('the other functions check theirs', async () => {
    const addon = await openAddon();
    await refused(() => (addon.openLibraries as Loose)(1));
    await refused(() => (addon.setLogger as Loose)(undefined));
    await refused(() => (model.metadata.bind(model) as Loose)());
    await refused(() => (model.tokenize.bind(model) as Loose)(1));
    await refused(() => (model.tokenize.bind(model) as Loose)('x', { parseSpecial: 1 }));
    await refused(() => (model.detokenize.bind(model) as Loose)([1]));
    await refused(() => (model.isEndOfGeneration.bind(model) as Loose)('1'));
    await refused(() => (model.tokenEmbeddings.bind(model) as Loose)([1]));
    for (const value of [...wholeNumbers, 8]) {
      await refused(() => (context.sequenceLength.bind(context) as Loose)(value));
      await refused(() => (context.keepSequence.bind(context) as Loose)(value));
      await refused(() => (context.removeTokens.bind(context) as Loose)(value, 0, -1));
      await refused(() => (context.copyTokens.bind(context) as Loose)(0, value, 0, -1));
      await refused(() => (context.copyTokens.bind(context) as Loose)(value, 0, 0, -1));
    }
    for (const value of [...wholeNumbers, -1]) {
      await refused(() => (context.removeTokens.bind(context) as Loose)(0, value, -1));
      await refused(() => (context.debugLogits.bind(context) as Loose)(value));
      await refused(() => (context.setThreads.bind(context) as Loose)(value, 1));
      await refused(() => (context.setThreads.bind(context) as Loose)(1, value));
    }
    await refused(() => context.debugLogits(0)); // nothing was decoded
  });

  it('methods refuse a foreign `this`, and classes have no public constructor', () => {
    const detached = context.decode.bind(undefined as unknown as NativeContext) as Loose;
    assert.throws(() => detached(BATCH));
    assert.throws(() => (Reflect.get(model, 'dispose') as Loose).call({}));
    const { constructor } = context as unknown as { constructor: new () => unknown };
    assert.throws(() => new constructor(), { code: 'invalid-argument' });
  });
});
