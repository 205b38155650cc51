import assert from 'node:assert/strict';
import type { DecodeBatch, DecodeResult, NativeContext } from '../../../engine/native/addon.d.ts';
import { NativeDecoder } from '../../../engine/native/native-decoder.ts';

/** A context that remembers what it holds, and cancels the decodes it is told to. */
function fakeContext(isCancelled: (decode: number) => boolean = () => false) {
  const tokens: number[] = [];
  const batches: number[] = [];
  const blocking: (boolean | undefined)[] = [];
  const context = {
    contextLength: 4096,
    decode(batch: DecodeBatch): Promise<DecodeResult> {
      assert.equal(batch.position, tokens.length, 'a batch starts where the sequence ends');
      batches.push(batch.tokens.length);
      blocking.push(batch.blocking);
      if (isCancelled(batches.length)) return Promise.resolve({ kind: 'cancelled' });
      tokens.push(...batch.tokens);
      const ids = Int32Array.of(tokens.length);
      const logits = Float32Array.of(1);
      const logSumExp = new Float32Array();
      return Promise.resolve({ kind: 'done', rows: 1, topK: 1, ids, logits, logSumExp });
    },
    removeTokens(_sequence: number, from: number): void {
      tokens.length = from;
    },
  };
  return {
    decoder: new NativeDecoder(context as unknown as NativeContext),
    tokens,
    batches,
    blocking,
  };
}

const range = (length: number, from = 0) => Array.from({ length }, (_, index) => from + index);
const never = () => false;

describe('native decoder', () => {
  it('evaluates a prompt in pieces, and answers with the row behind the last', async () => {
    const { decoder, tokens, batches } = fakeContext();
    const result = await decoder.prefill(range(300), never);
    assert.deepEqual(batches, [128, 128, 44]);
    assert.equal(result?.row.ids[0], 300);
    assert.equal(result.reused, 0);
    assert.deepEqual(tokens, range(300));
  });

  it('evaluates only what the prompt does not share with the cache', async () => {
    const { decoder, tokens, batches } = fakeContext();
    await decoder.prefill(range(100), never);
    const prompt = [...range(90), ...range(5, 1000)];
    assert.equal((await decoder.prefill(prompt, never))?.reused, 90);
    assert.deepEqual(batches, [100, 5]);
    assert.deepEqual(tokens, prompt);
  });

  it('leaves the thread free for a prompt, and blocks it for a few tokens more', async () => {
    const { decoder, blocking } = fakeContext();
    await decoder.prefill(range(100), never);
    await decoder.prefill(range(105), never);
    assert.deepEqual(blocking, [false, true]);
  });

  it('keeps the pieces that were evaluated before a cancel', async () => {
    const { decoder, batches } = fakeContext((decode) => decode === 3);
    assert.equal(await decoder.prefill(range(500), never), null);
    assert.equal(decoder.length, 256);
    assert.equal((await decoder.prefill(range(500), never))?.reused, 256);
    assert.deepEqual(batches, [128, 128, 128, 128, 116]);
  });

  it('starts no further piece once cancelled', async () => {
    const { decoder, batches } = fakeContext();
    assert.equal(await decoder.prefill(range(500), () => batches.length === 2), null);
    assert.equal(decoder.length, 256);
  });

  it('leaves the tail of a prompt to whoever decodes', async () => {
    const { decoder, batches, tokens } = fakeContext();
    assert.deepEqual(await decoder.prefillHead(range(300), never), {
      tail: range(44, 256),
      reused: 0,
    });
    assert.deepEqual(tokens, range(256));
    assert.deepEqual(await decoder.prefillHead([...range(250), 7, 8], never), {
      tail: [7, 8],
      reused: 250,
    });
    assert.deepEqual(await decoder.prefillHead(range(400), never, 1), { tail: [399], reused: 250 });
    assert.deepEqual(batches, [128, 128, 128, 21]);
    assert.equal(decoder.length, 399);
  });
});
