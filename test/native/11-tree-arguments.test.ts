import assert from 'node:assert/strict';
import type { NativeContext, NativeModel, TreeBatch } from '../../engine/native/addon.d.ts';
import { failure, loadModel, scratchFile, SMALL_CONTEXT } from './support/native.ts';
import { tinyLlama, tinyMamba, toGguf } from './support/tiny-models.ts';

describe('arguments of trees', () => {
  let model: NativeModel;
  let context: NativeContext;

  before(async () => {
    model = await loadModel(scratchFile('tree-arguments.gguf', toGguf(tinyLlama())));
    context = await model.createContext({ ...SMALL_CONTEXT, outputRows: 3 });
    context.setPromptEmbeddings(new Float32Array(2 * model.info.embeddingLength));
  });
  after(() => model.dispose());

  // The root, two children, and a prompt token below the second.
  const batch = {
    tokens: Int32Array.of(1, 2, 3, -1),
    slots: Int32Array.of(-1, -1, -1, 0),
    offsets: Int32Array.of(0, 1, 1, 2),
    sequenceCounts: Int32Array.of(2, 1, 1, 1),
    sequences: Int32Array.of(0, 1, 0, 1, 1),
    outputs: Int32Array.of(0, 1, 2),
    outputCounts: undefined as unknown,
    topK: 5 as unknown,
  };
  type Batch = Partial<Record<keyof typeof batch, unknown>>;
  const ints = (...values: readonly number[]) => Int32Array.from(values);

  const refused: readonly (readonly [what: string, change: Batch])[] = [
    ['no rows', { tokens: ints(), slots: ints(), offsets: ints(), sequenceCounts: ints() }],
    ['a plain array', { tokens: [1, 2, 3, -1] }],
    ['arrays of two lengths', { slots: ints(-1, -1, -1) }],
    ['a token outside the vocabulary', { tokens: ints(1, 2, 9999, -1) }],
    ['neither token nor slot', { slots: ints(-1, -1, -1, -1) }],
    ['both token and slot', { tokens: ints(1, 2, 3, 4) }],
    ['an unknown slot', { slots: ints(-1, -1, -1, 2) }],
    ['a gap in a sequence', { offsets: ints(0, 1, 1, 3) }],
    ['a second root', { offsets: ints(0, 1, 0, 1) }],
    ['an offset below zero', { offsets: ints(0, 1, 1, -1) }],
    ['a root at another offset', { offsets: ints(1, 2, 2, 3) }],
    ['a child before its parent', { offsets: ints(0, 2, 1, 2) }],
    ['a row in no sequence', { sequenceCounts: ints(2, 1, 0, 2) }],
    ['too few sequences', { sequences: ints(0, 1, 0, 1) }],
    ['too many sequences', { sequences: ints(0, 1, 0, 1, 1, 1) }],
    ['a negative count', { sequenceCounts: ints(2, -1, 3, 1) }],
    ['a huge count', { sequenceCounts: ints(2, 2 ** 31 - 1, 1, 1) }],
    ['a sequence twice in a row', { sequences: ints(0, 0, 0, 1, 1) }],
    ['a sequence that the root is not in', { sequences: ints(0, 1, 0, 1, 2) }],
    ['a sequence over the limit', { sequences: ints(0, 8, 0, 8, 8) }],
    ['a sequence below zero', { sequences: ints(0, -1, 0, 1, 1) }],
    ['an output outside', { outputs: ints(4) }],
    ['an output below zero', { outputs: ints(-1) }],
    ['more outputs than rows', { outputs: ints(0, 1, 2, 3) }],
    ['counts that do not add up', { outputCounts: ints(1, 1) }],
    ['a count of zero', { outputCounts: ints(0, 3) }],
    ['counts as numbers', { outputCounts: 3 }],
    ['topK of zero', { topK: 0 }],
    ['topK over the limit', { topK: 257 }],
    ['a flag that is none', { normalise: 1 } as Batch],
    ['another flag that is none', { embedded: 'no' } as Batch],
  ];
  for (const [what, change] of refused) {
    it(`decodeTree refuses ${what}`, async () => {
      const changed = { ...batch, ...change } as TreeBatch;
      assert.equal(await failure(() => context.decodeTree(changed)), 'invalid-argument');
      assert.equal(context.sequenceLength(0), 0);
    });
  }

  it('decodeTree takes tokens as embeddings where those are known', async () => {
    const other = await model.createContext(SMALL_CONTEXT);
    const slots = ints(-1, -1, -1, -1);
    const tokens = { ...batch, tokens: ints(1, 2, 3, 4), slots, embedded: true } as TreeBatch;
    assert.equal(await failure(() => other.decodeTree(tokens)), 'invalid-argument');
    assert.equal((await context.decodeTree(tokens)).kind, 'done');
    await other.dispose();
  });

  it('decodeTree takes what keeps the rules', async () => {
    assert.equal((await context.decodeTree(batch as TreeBatch)).kind, 'done');
    const joined = { ...batch, outputCounts: ints(1, 2) } as TreeBatch;
    const result = await context.decodeTree(joined);
    assert.ok(result.kind === 'done' && result.rows === 2);
    const none = await context.decodeTree({ ...batch, outputs: ints() } as TreeBatch);
    assert.ok(none.kind === 'done' && none.rows === 0);
  });

  it('decodeTree refuses more rows than a batch holds', async () => {
    const rows = Array.from({ length: 65 }, (_, index) => index);
    const long = {
      tokens: Int32Array.from(rows, () => 1),
      slots: Int32Array.from(rows, () => -1),
      offsets: Int32Array.from(rows),
      sequenceCounts: Int32Array.from(rows, () => 1),
      sequences: Int32Array.from(rows, () => 0),
      outputs: ints(64),
      topK: 1,
    };
    assert.equal(await failure(() => context.decodeTree(long)), 'invalid-argument');
  });

  it('keepPath wants a path of a tree', async () => {
    const keepPath = context.keepPath.bind(context) as (path: unknown) => void;
    const keep = (path: unknown) =>
      failure(() => {
        keepPath(path);
      });
    context.removeTokens(0, 0, -1);
    assert.equal(await keep(ints(0)), 'invalid-argument');
    for (const path of [
      [0],
      ints(),
      ints(1),
      ints(0, 0),
      ints(0, 1, 3),
      ints(0, 2, 3),
      ints(0, 9),
    ]) {
      await context.decodeTree(batch as TreeBatch);
      assert.equal(await keep(path), 'invalid-argument', String(path));
      assert.equal(context.sequenceLength(0), 0);
    }
    assert.equal(await keep(ints(0, 2)), 'none');
    assert.equal(context.sequenceLength(0), 2);
    assert.equal(await keep(ints(0)), 'invalid-argument');
  });

  it('setPromptEmbeddings wants whole rows', async () => {
    const set = context.setPromptEmbeddings.bind(context) as (rows: unknown) => void;
    for (const rows of [undefined, [1], new Float32Array(33), new Float64Array(32)]) {
      assert.equal(
        await failure(() => {
          set(rows);
        }),
        'invalid-argument',
      );
    }
    set(new Float32Array(0));
    assert.equal(await failure(() => context.decodeTree(batch as TreeBatch)), 'invalid-argument');
  });

  it('models that cannot go back, or take no embeddings, say so', async () => {
    const mamba = await loadModel(scratchFile('tree-mamba.gguf', toGguf(tinyMamba())));
    const recurrent = await mamba.createContext({ ...SMALL_CONTEXT, sequences: 2 });
    assert.equal(recurrent.supportsTrees, false);
    assert.equal(context.supportsTrees, true);
    const tree = batch as TreeBatch;
    assert.equal(await failure(() => recurrent.decodeTree(tree)), 'model-unsupported');
    await mamba.dispose();
  });
});
