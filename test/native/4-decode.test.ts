import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {
  ContextOptions,
  DecodeRows,
  NativeContext,
  NativeModel,
} from '../../engine/native/addon.d.ts';
import {
  decodeRows,
  loadModel,
  scratchFile,
  SMALL_CONTEXT,
  trainedModelPath,
} from './support/native.ts';
import { referenceModel, referenceProbabilities } from './support/reference.ts';
import { seededRandom } from './support/random.ts';
import { tinyLlama, toGguf } from './support/tiny-models.ts';

/**
 * llama.cpp multiplies one row and several rows by different kernels, which round differently: for
 * Q8_0 weights the logits of the same token differ by up to 0.15 (measured on random weights).
 */
const BATCH_SHAPE_TOLERANCE = 0.15;

/** The same tokens in other cells of the cache: attention sums them up in another order. */
const CELL_ORDER_TOLERANCE = 1e-3;

/** Another kernel with F16 sums: up to 0.25 measured on random weights. */
const FLASH_ATTENTION_TOLERANCE = 0.25;

/** As much as flash attention changes them: up to 0.39 measured on the trained model. */
const KEY_TYPE_TOLERANCE = 0.5;

/** As node-llama-cpp makes it. */
const F16_CONTEXT: ContextOptions = { ...SMALL_CONTEXT, keyType: 'f16' };

const CODE = 'def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(n - 1) + ';

function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  assert.equal(left.length, right.length);
  let largest = 0;
  for (let index = 0; index < left.length; index += 1) {
    largest = Math.max(largest, Math.abs(left[index]! - right[index]!));
  }
  return largest;
}

/** What the addon's selection must equal: a plain sort, ties by rising id. */
function sortedTop(logits: Float32Array, count: number): number[] {
  const ids = Array.from(logits, (_, id) => id);
  ids.sort((left, right) => logits[right]! - logits[left]! || left - right);
  return ids.slice(0, count);
}

function assertRow(rows: DecodeRows, row: number, logits: Float32Array): void {
  const { topK } = rows;
  const ids = [...rows.ids.subarray(row * topK, (row + 1) * topK)];
  assert.deepEqual(ids, sortedTop(logits, topK));
  assert.deepEqual(
    [...rows.logits.subarray(row * topK, (row + 1) * topK)],
    ids.map((id) => logits[id]!),
  );
  if (rows.logSumExp.length > 0) {
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    const expected = largest + Math.log(sum);
    assert.ok(Math.abs(rows.logSumExp[row]! - expected) < 1e-5 * Math.max(1, Math.abs(expected)));
  }
}

const models: readonly (readonly [string, () => string])[] = [
  ['a tiny F32 model', () => scratchFile('decode.gguf', toGguf(tinyLlama()))],
  ['the trained model', trainedModelPath],
];

for (const [name, path] of models) {
  describe(`decoding with ${name}`, function () {
    this.timeout(60_000);
    let file: string;
    let model: NativeModel;
    let tokens: Int32Array;
    let context: NativeContext;
    const cleanUps: (() => Promise<void>)[] = [];

    before(async function () {
      file = path();
      model = await loadModel(file);
      tokens = model.tokenize(CODE);
      cleanUps.push(() => model.dispose());
    });
    after(async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    });
    beforeEach(async () => {
      context = await model.createContext(SMALL_CONTEXT);
    });
    afterEach(() => context.dispose());

    it("gives node-llama-cpp's probabilities", async () => {
      const wanted = [0, Math.floor(tokens.length / 2), tokens.length - 1];
      const reference = await referenceModel(file);
      const expected = await referenceProbabilities(reference, [...tokens], wanted);
      await reference.dispose();
      const own = await model.createContext(F16_CONTEXT);
      await decodeRows(own, tokens, { outputs: tokens.length });
      for (const [index, row] of wanted.entries()) {
        const logits = own.debugLogits(row);
        const largest = Math.max(...logits);
        const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
        const [argmax] = sortedTop(logits, 1);
        const [expectedArgmax] = [...expected[index]!].sort((a, b) => b[1] - a[1])[0]!;
        assert.equal(argmax, expectedArgmax);
        for (const [token, probability] of expected[index]!) {
          const ours = Math.exp(logits[token]! - largest) / sum;
          assert.ok(Math.abs(ours - probability) < 1e-4, `${token}: ${ours}, ${probability}`);
        }
      }
      await own.dispose();
    });

    it('selects and normalises like a plain sort over all logits', async () => {
      for (const topK of [1, 2, 10, 256]) {
        const rows = await decodeRows(context, tokens.subarray(0, 8), {
          outputs: 8,
          topK,
          normalise: true,
        });
        assert.equal(rows.rows, 8);
        assert.equal(rows.ids.length, 8 * topK);
        for (let row = 0; row < 8; row += 1) assertRow(rows, row, context.debugLogits(row));
      }
    });

    it('returns the rows that were asked for', async () => {
      const none = await decodeRows(context, tokens.subarray(0, 4), { outputs: 0 });
      assert.deepEqual([none.rows, none.ids.length, none.logSumExp.length], [0, 0, 0]);
      const last = await decodeRows(context, tokens.subarray(4, 8));
      assert.deepEqual([last.rows, last.ids.length, last.logSumExp.length], [1, 10, 0]);
      assert.equal(context.sequenceLength(0), 8);
    });

    it('token by token agrees with one batch', async () => {
      const batch = await decodeRows(context, tokens, { outputs: tokens.length, sequence: 0 });
      const whole = Array.from(tokens, (_, row) => context.debugLogits(row));
      for (const [row, token] of tokens.entries()) {
        const step = await decodeRows(context, [token], { sequence: 1 });
        const logits = context.debugLogits(0);
        assert.ok(largestDifference(logits, whole[row]!) <= BATCH_SHAPE_TOLERANCE);
        const margin = batch.logits[row * 10]! - batch.logits[row * 10 + 1]!;
        if (margin > BATCH_SHAPE_TOLERANCE) assert.equal(step.ids[0], batch.ids[row * 10]);
      }
    });

    it('of a reused prefix gives the logits of a fresh context bit for bit', async () => {
      const cut = Math.floor(tokens.length / 2);
      await decodeRows(context, tokens.subarray(0, cut), { outputs: 0 });
      await decodeRows(context, tokens.subarray(cut));
      const expected = context.debugLogits(0);
      // Something else behind the shared prefix, then back.
      context.removeTokens(0, cut, -1);
      await decodeRows(context, [5, 6, 7, 8, 9], { outputs: 1 });
      context.removeTokens(0, cut, -1);
      assert.equal(context.sequenceLength(0), cut);
      await decodeRows(context, tokens.subarray(cut));
      assert.equal(largestDifference(context.debugLogits(0), expected), 0);
    });

    it('of a copied sequence gives the logits of its source', async () => {
      await decodeRows(context, tokens.subarray(0, 10), { outputs: 0 });
      context.copyTokens(0, 3, 0, -1);
      assert.equal(context.sequenceLength(3), 10);
      await decodeRows(context, [7], { sequence: 0 });
      const expected = context.debugLogits(0);
      await decodeRows(context, [7], { sequence: 3 });
      assert.ok(largestDifference(context.debugLogits(0), expected) <= CELL_ORDER_TOLERANCE);
      context.keepSequence(3);
      assert.deepEqual([context.sequenceLength(0), context.sequenceLength(3)], [0, 11]);
    });

    it('splits a long prompt into chunks', async () => {
      const long = Int32Array.from({ length: 300 }, (_, index) => tokens[index % tokens.length]!);
      await decodeRows(context, long);
      const chunked = context.debugLogits(0);
      const wide = await model.createContext({ ...SMALL_CONTEXT, batchSize: 512 });
      await decodeRows(wide, long);
      assert.ok(largestDifference(chunked, wide.debugLogits(0)) <= BATCH_SHAPE_TOLERANCE);
      assert.equal(context.sequenceLength(0), 300);
      await wide.dispose();
    });

    it('on the calling thread is the same', async () => {
      await decodeRows(context, tokens);
      const expected = context.debugLogits(0);
      context.removeTokens(0, 0, -1);
      await decodeRows(context, tokens, { blocking: true });
      assert.equal(largestDifference(context.debugLogits(0), expected), 0);
      const more = new Int32Array(512).fill(5);
      await assert.rejects(decodeRows(context, more, { blocking: true }), { code: 'context-full' });
      assert.equal(context.sequenceLength(0), tokens.length);
    });

    it('with flash attention stays close', async () => {
      const expected = await logitsWith(F16_CONTEXT);
      const flash = await logitsWith({ ...F16_CONTEXT, flashAttention: true });
      assert.ok(largestDifference(flash, expected) <= FLASH_ATTENTION_TOLERANCE);
    });

    it('with Q8_0 keys stays close', async () => {
      const expected = await logitsWith(F16_CONTEXT);
      const difference = largestDifference(
        await logitsWith({ ...F16_CONTEXT, keyType: 'q8_0' }),
        expected,
      );
      assert.ok(difference <= KEY_TYPE_TOLERANCE, String(difference));
      // The tiny model's heads have 16 values, half a block: they stay F16.
      assert.equal(difference === 0, name === 'a tiny F32 model');
    });

    async function logitsWith(options: ContextOptions): Promise<Float32Array> {
      const other = await model.createContext(options);
      await decodeRows(other, tokens);
      const logits = other.debugLogits(0);
      await other.dispose();
      return logits;
    }

    it('fills the context to the last token and not further', async () => {
      await decodeRows(context, new Int32Array(512).fill(5), { outputs: 0 });
      await assert.rejects(decodeRows(context, [5]), { code: 'context-full' });
      assert.equal(context.sequenceLength(0), 512);
      // Another sequence finds no room in the shared cache, and keeps none of its tokens.
      const elsewhere = decodeRows(context, new Int32Array(100).fill(5), { sequence: 1 });
      await assert.rejects(elsewhere, { code: 'context-full' });
      assert.equal(context.sequenceLength(1), 0);
      context.removeTokens(0, 256, -1);
      await decodeRows(context, [5]);
    });

    it('runs in two contexts at once', async () => {
      const other = await model.createContext(SMALL_CONTEXT);
      await decodeRows(context, tokens);
      const expected = context.debugLogits(0);
      context.removeTokens(0, 0, -1);
      for (let round = 0; round < 5; round += 1) {
        await Promise.all([decodeRows(context, tokens), decodeRows(other, tokens)]);
        assert.equal(largestDifference(context.debugLogits(0), expected), 0);
        assert.equal(largestDifference(other.debugLogits(0), expected), 0);
        context.removeTokens(0, 0, -1);
        other.removeTokens(0, 0, -1);
      }
      await other.dispose();
    });

    it('survives any interleaving of appending and dropping', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 20 }))),
          async (steps) => {
            for (const sequence of [0, 1, 2]) context.removeTokens(sequence, 0, -1);
            const lengths = [0, 0, 0];
            for (const [sequence, count] of steps) {
              const room = 512 - lengths.reduce((sum, length) => sum + length, 0);
              if (count > 10 || count > room || count === 0) {
                const kept = Math.floor(lengths[sequence]! / 2);
                context.removeTokens(sequence, kept, -1);
                lengths[sequence] = kept;
              } else {
                await decodeRows(context, tokens.subarray(0, count), { sequence });
                lengths[sequence]! += count;
              }
              assert.equal(context.sequenceLength(sequence), lengths[sequence]);
            }
          },
        ),
        { numRuns: 10, seed: 3 },
      );
    });
  });
}

describe('top-k', () => {
  /** A model whose logits are known: zero layers' worth of influence, equal rows make ties. */
  it('gives ties to the lower id', async () => {
    const model = tinyLlama();
    const tied = model.tensors.map((tensor) => {
      if (tensor.name !== 'token_embd.weight') return tensor;
      // The output matrix is tied to the embeddings: equal rows, equal logits.
      const random = seededRandom(9);
      const data = tensor.data.slice();
      const rows = data.length / 32;
      for (let row = 1; row < rows; row += 1) {
        if (random() < 0.8) data.copyWithin(row * 32, (row - 1) * 32, row * 32);
      }
      return { ...tensor, data };
    });
    const loaded = await loadModel(scratchFile('ties.gguf', toGguf({ ...model, tensors: tied })));
    const context = await loaded.createContext(SMALL_CONTEXT);
    let ties = 0;
    for (const topK of [1, 3, 50, 256]) {
      const rows = await decodeRows(context, [3, 1, 4, 1, 5], { outputs: 5, topK });
      for (let row = 0; row < 5; row += 1) {
        assertRow(rows, row, context.debugLogits(row));
        const logits = rows.logits.subarray(row * topK, (row + 1) * topK);
        ties += logits.length - new Set(logits).size;
      }
    }
    assert.ok(ties > 100);
    await loaded.dispose();
  });
});
