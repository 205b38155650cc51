import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import type { NativeModel } from '../../engine/native/addon.d.ts';
import {
  failure,
  loadModel,
  openAddon,
  scratchDirectory,
  scratchFile,
  SMALL_CONTEXT,
  trainedModelPath,
} from './support/native.ts';
import {
  tinyLlama,
  tinyMamba,
  toGguf,
  withArchitecture,
  withMetadata,
  type TinyModel,
} from './support/tiny-models.ts';

const llama = tinyLlama();

describe('a model', () => {
  it('describes itself', async () => {
    const model = await loadModel(scratchFile('described.gguf', toGguf(llama)));
    const { info } = model;
    const parameters = llama.tensors.reduce((sum, { data }) => sum + data.length, 0);
    assert.equal(info.architecture, 'llama');
    assert.match(info.description, /llama/);
    assert.equal(info.parameterCount, parameters);
    assert.equal(info.sizeBytes, 4 * parameters);
    assert.equal(info.embeddingLength, 32);
    assert.equal(info.layerCount, 2);
    assert.equal(info.trainedContextLength, 512);
    await model.dispose();
  });

  it('gives its metadata as text, however long', async () => {
    const long = 'x'.repeat(5000);
    const named = withMetadata(llama, { 'general.name': { type: 'string', value: long } });
    const model = await loadModel(scratchFile('metadata.gguf', toGguf(named)));
    assert.equal(model.metadata('general.name'), long);
    assert.equal(model.metadata('llama.block_count'), '2');
    assert.equal(model.metadata('no.such.key'), null);
    await model.dispose();
  });

  it('may be loaded as a vocabulary alone', async () => {
    const addon = await openAddon();
    const path = scratchFile('vocabulary.gguf', toGguf(llama));
    const model = await addon.loadModel({ path, gpuLayers: 0, vocabularyOnly: true }).model;
    assert.ok(model.tokenize('return').length > 0);
    assert.equal(await failure(() => model.createContext(SMALL_CONTEXT)), 'invalid-argument');
    await model.dispose();
  });

  for (const useMmap of [true, false]) {
    it(`loads with useMmap ${useMmap}`, async () => {
      const addon = await openAddon();
      const path = scratchFile('mmap.gguf', toGguf(llama));
      const model = await addon.loadModel({ path, gpuLayers: 0, useMmap }).model;
      await (await model.createContext(SMALL_CONTEXT)).dispose();
      await model.dispose();
    });
  }

  it('gives the rows of its embedding matrix exactly', async () => {
    const model = await loadModel(scratchFile('embeddings.gguf', toGguf(llama)));
    const matrix = llama.tensors.find(({ name }) => name === 'token_embd.weight')!.data;
    const last = model.info.vocabularySize - 1;
    const ids = [0, last, 17, 17];
    const rows = await model.tokenEmbeddings(Int32Array.from(ids));
    assert.deepEqual(
      [...rows],
      ids.flatMap((id) => [...matrix.subarray(id * 32, (id + 1) * 32)]),
    );
    assert.equal((await model.tokenEmbeddings(new Int32Array(0))).length, 0);
    assert.equal(
      await failure(() => model.tokenEmbeddings(Int32Array.of(last + 1))),
      'invalid-argument',
    );
    await model.dispose();
  });
});

describe('loading a model', () => {
  it('reports rising progress on the way', async function () {
    const path = trainedModelPath();
    const fractions: number[] = [];
    const addon = await openAddon();
    const load = addon.loadModel({
      path,
      gpuLayers: 0,
      useMmap: false,
      onProgress: (fraction) => fractions.push(fraction),
    });
    const model = await load.model;
    const settled = fractions.length;
    await model.dispose();
    assert.equal(fractions.length, settled, 'no progress after the load has settled');
    assert.deepEqual(
      fractions,
      [...fractions].sort((left, right) => left - right),
    );
    assert.ok(fractions.every((fraction) => fraction > 0 && fraction <= 1));
  });

  it('can be aborted, before and after its end', async () => {
    const addon = await openAddon();
    const path = scratchFile('abort.gguf', toGguf(llama));
    const early = addon.loadModel({ path, gpuLayers: 0 });
    early.abort();
    early.abort();
    assert.equal(await failure(() => early.model), 'aborted');
    const late = addon.loadModel({ path, gpuLayers: 0 });
    const model = await late.model;
    late.abort();
    assert.ok(model.tokenize('return').length > 0);
    await model.dispose();
  });

  it('works several times at once', async () => {
    const path = scratchFile('at-once.gguf', toGguf(llama));
    const models = await Promise.all(Array.from({ length: 8 }, () => loadModel(path)));
    await Promise.all(models.map((model) => model.dispose()));
  });

  it('logs to the logger set last', async () => {
    const addon = await openAddon();
    const lines: string[] = [];
    addon.setLogger(() => {
      assert.fail('replaced');
    });
    addon.setLogger((level, line) => {
      assert.ok(['debug', 'info', 'warn', 'error'].includes(level));
      lines.push(line);
    });
    await (await loadModel(scratchFile('logged.gguf', toGguf(llama)))).dispose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(lines.some((line) => line.includes('arch')));
    assert.ok(lines.every((line) => !line.includes('\n')));
    addon.setLogger(() => undefined);
  });
});

describe('what is no usable model', () => {
  const text = (value: string) => ({ type: 'string', value }) as const;
  const file = (model: TinyModel) => toGguf(model);
  const whole = toGguf(llama);
  const cases: Readonly<Record<string, readonly [() => Uint8Array | string, string, RegExp]>> = {
    'an empty file': [() => '', 'model-unreadable', /not a GGUF/],
    'a text file': [() => '# readme\n'.repeat(100), 'model-unreadable', /not a GGUF/],
    'four bytes': [() => 'GGUF', 'model-unreadable', /damaged/],
    'a truncated download': [
      () => whole.subarray(0, whole.length - 4096),
      'model-unreadable',
      /incomplete.*interrupted/,
    ],
    'no architecture': [
      () => file(withMetadata(llama, { 'general.architecture': undefined })),
      'model-unreadable',
      /architecture/,
    ],
    'an unknown architecture': [
      () => file(withArchitecture(llama, 'llama', 'llama99')),
      'model-unsupported',
      /unknown model architecture: 'llama99'/,
    ],
    'a missing tensor': [
      () => file({ ...llama, tensors: llama.tensors.slice(0, -1) }),
      'model-unsupported',
      /ffn_down.weight/,
    ],
    'a text encoder': [
      () => file(withArchitecture(llama, 'llama', 'bert')),
      'model-unsupported',
      /embeddings/,
    ],
    'an embedding model with a causal architecture': [
      () => file(withMetadata(llama, { 'llama.pooling_type': { type: 'u32', value: 3 } })),
      'model-unsupported',
      /embeddings/,
    ],
    'a model without causal attention': [
      () => file(withMetadata(llama, { 'llama.attention.causal': { type: 'bool', value: false } })),
      'model-unsupported',
      /embeddings/,
    ],
    'a model without vocabulary': [
      () => file(withMetadata(llama, { 'tokenizer.ggml.model': text('none') })),
      'model-unsupported',
      /vocabulary/,
    ],
  };
  for (const [name, [content, code, message]] of Object.entries(cases)) {
    it(`${name}: ${code}`, async () => {
      const path = scratchFile('unusable.gguf', content());
      await assert.rejects(loadModel(path), { name: 'NativeError', code, message });
    });
  }

  it('a missing file, a directory, an unreadable file: model-unreadable', async () => {
    const locked = scratchFile('locked.gguf', whole);
    chmodSync(locked, 0);
    const paths = [`${scratchDirectory()}/missing.gguf`, scratchDirectory()];
    // root reads everything
    if (process.getuid?.() !== 0) paths.push(locked);
    for (const path of paths) {
      assert.equal(await failure(() => loadModel(path)), 'model-unreadable');
    }
  });
});

describe('a recurrent model', () => {
  let model: NativeModel;
  before(async () => {
    model = await loadModel(scratchFile('mamba.gguf', toGguf(tinyMamba())));
  });
  after(() => model.dispose());

  it('decodes, and says that it cannot drop the end of a sequence', async () => {
    const context = await model.createContext(SMALL_CONTEXT);
    const tokens = Int32Array.from([1, 2, 3, 4]);
    await context.decode({ tokens, sequence: 2, position: 0, outputs: 0, topK: 1 });
    assert.equal(context.sequenceLength(2), 4);
    assert.equal(
      await failure(() => {
        context.removeTokens(2, 2, -1);
      }),
      'model-unsupported',
    );
    context.removeTokens(2, 0, -1);
    assert.equal(context.sequenceLength(2), 0);
  });
});
