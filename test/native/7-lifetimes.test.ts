import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NativeModel } from '../../engine/native/addon.d.ts';
import {
  decodeRows,
  failure,
  loadModel,
  openAddon,
  root,
  scratchFile,
  SMALL_CONTEXT,
} from './support/native.ts';
import { tinyLlama, toGguf } from './support/tiny-models.ts';

const CONTEXT = { ...SMALL_CONTEXT, contextLength: 256 };

const tinyFile = () => scratchFile('lifetimes.gguf', toGguf(tinyLlama()));

describe('disposing', () => {
  let model: NativeModel;
  beforeEach(async () => {
    model = await loadModel(tinyFile());
  });
  afterEach(() => model.dispose());

  it('of a context twice, or at once, is harmless', async () => {
    const context = await model.createContext(CONTEXT);
    await Promise.all([context.dispose(), context.dispose()]);
    await context.dispose();
    context.cancel();
    for (const call of [
      () => context.sequenceLength(0),
      () => decodeRows(context, [1]),
      () => context.debugLogits(0),
    ]) {
      assert.equal(await failure(call), 'disposed');
    }
  });

  it('of a context ends its decode first', async () => {
    const context = await model.createContext({ ...CONTEXT, contextLength: 4096 });
    const tokens = new Int32Array(4000).fill(1);
    const decoding = context.decode({ tokens, sequence: 0, position: 0, outputs: 0, topK: 1 });
    const order: string[] = [];
    await Promise.all([
      decoding.then(({ kind }) => order.push(kind)),
      context.dispose().then(() => order.push('disposed')),
    ]);
    assert.deepEqual(order, ['cancelled', 'disposed']);
  });

  it('of a model disposes of its contexts', async () => {
    const contexts = await Promise.all([1, 2, 3].map(() => model.createContext(CONTEXT)));
    const decoding = decodeRows(contexts[0]!, [1, 2]).catch(() => undefined);
    await Promise.all([model.dispose(), model.dispose()]);
    await decoding;
    await model.dispose();
    for (const context of contexts) {
      assert.equal(await failure(() => context.sequenceLength(0)), 'disposed');
      await context.dispose();
    }
    for (const call of [
      () => model.tokenize('x'),
      () => model.createContext(CONTEXT),
      () => model.tokenEmbeddings(Int32Array.of(1)),
      () => model.metadata('general.architecture'),
    ]) {
      assert.equal(await failure(call), 'disposed');
    }
    assert.equal(model.info.architecture, 'llama');
  });

  it('of a model waits for what is under way', async () => {
    const contexts = [1, 2, 3, 4, 5, 6].map(() => failure(() => model.createContext(CONTEXT)));
    const embeddings = failure(() => model.tokenEmbeddings(Int32Array.of(1)));
    await model.dispose();
    for (const code of await Promise.all(contexts)) assert.equal(code, 'disposed');
    assert.equal(await embeddings, 'none');
  });

  it('of one model leaves another of the same file alone', async () => {
    const other = await loadModel(tinyFile());
    const context = await other.createContext(CONTEXT);
    await model.dispose();
    await decodeRows(context, [1, 2, 3]);
    await other.dispose();
  });
});

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/**
 * Least resident memory during the last quarter of the cycles against the most during the second,
 * in MiB. The allocator's per-thread arenas swing by tens of MiB on a busy machine; a leak rises
 * steadily, by at least a quarter of the cycles in between.
 */
async function growth(cycles: number, cycle: () => Promise<void>): Promise<number> {
  const samples: number[] = [];
  for (let index = 0; index < cycles; index += 1) {
    await cycle();
    if (index % (cycles / 40) === 0) {
      collectGarbage();
      samples.push(process.memoryUsage.rss() / 2 ** 20);
    }
  }
  return Math.min(...samples.slice(30)) - Math.max(...samples.slice(10, 20));
}

describe('the end of the process', function () {
  this.timeout(60_000);
  for (const state of ['idle', 'loading', 'decoding', 'training', 'disposing', 'forgetting']) {
    it(`is clean while ${state}`, () => {
      const child = join(root, 'test', 'native', 'support', 'exit-child.ts');
      const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', child, state], {
        cwd: root,
        encoding: 'utf8',
      });
      assert.equal(status, 7, stderr);
    });
  }
});

describe('memory', function () {
  this.timeout(60_000);

  // A context of this size takes 1 MiB of K/V alone: 250 leaked ones would be 250 MiB.
  it('does not grow over 1,000 contexts', async () => {
    const model = await loadModel(tinyFile());
    const grown = await growth(1000, async () => {
      const context = await model.createContext({ ...CONTEXT, contextLength: 4096 });
      await decodeRows(context, [1, 2, 3]);
      await context.dispose();
    });
    console.log(`      grown by ${grown.toFixed(1)} MiB`);
    assert.ok(grown < 60, `${grown} MiB`);
    await model.dispose();
  });

  // Weights of 115 KiB and a vocabulary: 250 leaked models would be 30 MiB and more.
  it('does not grow over 1,000 models', async () => {
    const path = tinyFile();
    const addon = await openAddon();
    const grown = await growth(1000, async () => {
      const load = addon.loadModel({ path, gpuLayers: 0, useMmap: false });
      await (await load.model).dispose();
    });
    console.log(`      grown by ${grown.toFixed(1)} MiB`);
    assert.ok(grown < 20, `${grown} MiB`);
  });

  it('does not grow over 1,000 failed loads', async () => {
    const path = scratchFile('cut.gguf', toGguf(tinyLlama()).subarray(0, 60_000));
    const grown = await growth(1000, async () => {
      assert.equal(await failure(() => loadModel(path)), 'model-unreadable');
    });
    assert.ok(grown < 20, `${grown} MiB`);
  });

  it('of forgotten objects comes back with garbage collection', async () => {
    const path = tinyFile();
    const grown = await growth(120, async () => {
      const model = await loadModel(path);
      await model.createContext({ ...CONTEXT, contextLength: 8192 });
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
    });
    // A context of this size takes 2 MiB of K/V: 30 forgotten ones would be 60 MiB.
    assert.ok(grown < 30, `${grown} MiB`);
  });
});
