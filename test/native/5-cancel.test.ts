import assert from 'node:assert/strict';
import type { ContextOptions, NativeContext, NativeModel } from '../../engine/native/addon.d.ts';
import {
  decodeRows,
  failure,
  loadModel,
  openAddon,
  scratchFile,
  SMALL_CONTEXT,
  trainedModelPath,
} from './support/native.ts';
import { tinyLlama, tinyMamba, toGguf } from './support/tiny-models.ts';

const LARGE: ContextOptions = { ...SMALL_CONTEXT, contextLength: 4096, batchSize: 512 };

describe('cancelling', function () {
  this.timeout(60_000);
  let model: NativeModel;
  let context: NativeContext;
  const prompt = Int32Array.from({ length: 4000 }, (_, index) => (index * 7) % 250);

  before(async () => {
    model = await loadModel(trainedModelPath());
  });
  after(() => model.dispose());
  beforeEach(async () => {
    context = await model.createContext(LARGE);
  });
  afterEach(() => context.dispose());

  const start = (tokens = prompt) =>
    context.decode({
      tokens,
      sequence: 0,
      position: context.sequenceLength(0),
      outputs: 1,
      topK: 1,
    });

  it('without a decode does nothing, also to the next decode', async () => {
    context.cancel();
    await decodeRows(context, [1, 2, 3]);
    context.cancel();
    await decodeRows(context, [4]);
    assert.equal(context.sequenceLength(0), 4);
  });

  it('right after the start leaves the sequence as it was', async () => {
    await decodeRows(context, [1, 2, 3]);
    const decoding = start();
    context.cancel();
    assert.deepEqual(await decoding, { kind: 'cancelled' });
    assert.equal(context.sequenceLength(0), 3);
  });

  it('at any time leaves a cache that gives the same results as before', async () => {
    const tail = prompt.subarray(0, 40);
    await decodeRows(context, tail, { outputs: 0 });
    await decodeRows(context, [9]);
    const expected = context.debugLogits(0);
    const latencies: number[] = [];
    for (const delayMs of [1, 2, 5, 10, 20, 40]) {
      context.removeTokens(0, 40, -1);
      const decoding = start();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const cancelledAt = performance.now();
      context.cancel();
      const { kind } = await decoding;
      if (kind === 'cancelled') {
        latencies.push(performance.now() - cancelledAt);
        assert.equal(context.sequenceLength(0), 40);
      } else {
        context.removeTokens(0, 40, -1);
      }
      await decodeRows(context, [9]);
      assert.deepEqual(context.debugLogits(0), expected);
    }
    const worst = latencies.length === 0 ? 'none' : Math.max(...latencies).toFixed(1);
    console.log(`      cancelled ${latencies.length} of 6, longest wait ${worst} ms`);
  });

  it('does not touch other sequences', async () => {
    await decodeRows(context, [1, 2, 3], { sequence: 1 });
    const decoding = start();
    context.cancel();
    await decoding;
    assert.equal(context.sequenceLength(1), 3);
  });

  it('is no error in the log', async () => {
    const errors: string[] = [];
    const addon = await openAddon();
    addon.setLogger((level, line) => {
      // Warnings about the context itself may arrive late.
      const about = /decode|compute/.test(line);
      if (about && (level === 'error' || level === 'warn')) errors.push(line);
    });
    const decoding = start();
    setTimeout(() => {
      context.cancel();
    }, 5);
    await decoding;
    await new Promise((resolve) => setTimeout(resolve, 20));
    addon.setLogger(() => undefined);
    assert.deepEqual(errors, []);
  });

  it('of a recurrent model empties the sequence and says so', async () => {
    const mamba = await loadModel(scratchFile('cancel-mamba.gguf', toGguf(tinyMamba())));
    const recurrent = await mamba.createContext(LARGE);
    await decodeRows(recurrent, [1, 2, 3]);
    const decoding = recurrent.decode({
      tokens: prompt,
      sequence: 0,
      position: 3,
      outputs: 0,
      topK: 1,
    });
    setTimeout(() => {
      recurrent.cancel();
    }, 5);
    const code = await failure(() => decoding);
    if (code === 'none') assert.ok([3, 4003].includes(recurrent.sequenceLength(0)));
    else assert.deepEqual([code, recurrent.sequenceLength(0)], ['decode-failed', 0]);
    await mamba.dispose();
  });
});

describe('a busy context', () => {
  it('refuses all calls but cancel and dispose', async () => {
    const model = await loadModel(scratchFile('busy.gguf', toGguf(tinyLlama())));
    const context = await model.createContext(LARGE);
    const batch = {
      tokens: new Int32Array(4000).fill(1),
      sequence: 0,
      position: 0,
      outputs: 0,
      topK: 1,
    } as const;
    const decoding = context.decode(batch);
    const calls: readonly (() => unknown)[] = [
      () => context.decode(batch),
      () => context.sequenceLength(0),
      () => {
        context.removeTokens(0, 0, -1);
      },
      () => {
        context.copyTokens(0, 1, 0, -1);
      },
      () => {
        context.keepSequence(0);
      },
      () => context.debugLogits(0),
      () => {
        context.setThreads(1, 1);
      },
    ];
    for (const call of calls) assert.equal(await failureNow(call), 'invalid-argument');
    context.cancel();
    await decoding;
    await model.dispose();
  });
});

/** Synchronous: the decode must still be running for the next call. */
function failureNow(call: () => unknown): Promise<string> {
  let thrown: unknown = null;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  return failure(() => {
    if (thrown !== null) throw thrown as Error;
  });
}
