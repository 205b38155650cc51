import assert from 'node:assert/strict';
import type {
  NativeModel,
  PromptTrainer,
  PromptTrainerOptions,
} from '../../engine/native/addon.d.ts';
import { failure, loadModel, scratchFile, trainedModelPath } from './support/native.ts';
import {
  DECAY,
  gradientOf,
  open,
  OPTIONS,
  randomRows,
  tokensOf,
} from './support/prompt-training.ts';
import { toGguf } from './support/tiny-models.ts';
import { trainableModel } from './support/trainable-models.ts';

describe('a prompt trainer', function () {
  this.timeout(120_000);
  let model: NativeModel;
  let trainer: PromptTrainer;
  let rows: Float32Array;

  before(async () => {
    model = await loadModel(trainedModelPath());
    rows = randomRows(model, OPTIONS);
  });
  after(() => model.dispose());
  beforeEach(async () => {
    trainer = await model.createPromptTrainer(OPTIONS);
  });
  afterEach(() => trainer.dispose());

  const gradient = (insertions: readonly number[], values = rows) =>
    trainer.gradient(values, Int32Array.from(insertions), { decay: DECAY });

  it('knows its memory and how far it is from llama.cpp', () => {
    // The weights alone: twice 4 bytes for each of the 4.2 million values.
    assert.ok(trainer.memoryBytes > 33e6 && trainer.memoryBytes < 200e6, `${trainer.memoryBytes}`);
    assert.ok(trainer.selfCheckDifference > 0 && trainer.selfCheckDifference < 1);
  });

  it('with compact weights has nearly the same gradient in less memory', async () => {
    const compact = await model.createPromptTrainer({ ...OPTIONS, compactWeights: true });
    assert.ok(compact.memoryBytes < trainer.memoryBytes - 15e6);
    const [exact, coarse] = await Promise.all(
      [trainer, compact].map(async (each) => {
        await each.load(tokensOf(model, 40));
        return (await gradientOf(each, rows, [3, 20])).gradient;
      }),
    );
    const length = Math.hypot(...exact!);
    assert.ok(Math.hypot(...exact!.map((value, i) => value - coarse![i]!)) < 0.05 * length);
    await compact.dispose();
  });

  it('gives the same for the same, whatever came between', async () => {
    await trainer.load(tokensOf(model, 40));
    const first = await gradient([1, 2, 30]);
    await gradient([7]);
    await trainer.load(tokensOf(model, 20));
    await gradient([1, 2]);
    await trainer.load(tokensOf(model, 40));
    assert.deepEqual(await gradient([1, 2, 30]), first);
  });

  it('refuses wrong arguments', async () => {
    const options = (changes: Partial<Record<keyof PromptTrainerOptions, unknown>>) =>
      ({ ...OPTIONS, ...changes }) as PromptTrainerOptions;
    for (const changes of [
      { count: 0 },
      { count: 17 },
      { ensemble: 0 },
      { ensemble: 65 },
      { windowLength: 3 },
      { insertions: 0 },
      { threads: 0 },
      { compactWeights: 1 },
      { count: 1.5 },
    ]) {
      const code = await failure(() => model.createPromptTrainer(options(changes)));
      assert.equal(code, 'invalid-argument', JSON.stringify(changes));
    }
    const window = tokensOf(model, 40);
    const beforeLoad = await failure(() => gradient([0]));
    assert.equal(beforeLoad, 'invalid-argument');
    for (const tokens of [
      Int32Array.of(1),
      new Int32Array(49),
      Int32Array.of(1, -1),
      Int32Array.of(1, model.info.vocabularySize),
    ]) {
      assert.equal(await failure(() => trainer.load(tokens)), 'invalid-argument');
    }
    await trainer.load(window);
    const flawed = rows.slice();
    flawed[5] = NaN;
    const calls: readonly (() => unknown)[] = [
      () => gradient([]),
      () => gradient([1, 2, 3, 4, 5]),
      () => gradient([-1]),
      () => gradient([37]),
      () => gradient([0], rows.subarray(1)),
      () => gradient([0], flawed),
      () => trainer.gradient(rows, Int32Array.of(0), { decay: -1 }),
      () => trainer.gradient(rows, Int32Array.of(0), { decay: NaN }),
      () => trainer.gradient(rows, Int32Array.of(0), undefined as never),
      () => trainer.gradient([...rows] as never, Int32Array.of(0), { decay: 1 }),
    ];
    for (const [index, call] of calls.entries()) {
      assert.equal(await failure(call), 'invalid-argument', `call ${index}`);
    }
    assert.equal((await gradient([36])).kind, 'done');
  });

  it('refuses what the machine cannot hold', async () => {
    const options = { ...OPTIONS, count: 16, ensemble: 64, insertions: 2 ** 14 };
    assert.equal(await failure(() => model.createPromptTrainer(options)), 'out-of-memory');
  });

  it('refuses models that its own pass does not reproduce', async () => {
    const llama = trainableModel({ architecture: 'llama' });
    const scaled = new Map(llama.metadata);
    scaled.set('llama.rope.scaling.type', { type: 'string', value: 'yarn' });
    scaled.set('llama.rope.scaling.factor', { type: 'f32', value: 2 });
    const biased = {
      name: 'blk.0.attn_output.bias',
      shape: [32],
      data: new Float32Array(32).fill(0.1),
    };
    for (const [name, changed] of [
      ['yarn', { ...llama, metadata: scaled }],
      ['bias', { ...llama, tensors: [...llama.tensors, biased] }],
    ] as const) {
      const other = await loadModel(
        scratchFile(
          `trainer-${name}.gguf`,
          toGguf({ metadata: changed.metadata, tensors: [...changed.tensors] }),
        ),
      );
      const code = await failure(() => other.createPromptTrainer(OPTIONS));
      assert.equal(code, 'model-unsupported', name);
      await other.dispose();
    }
  });

  it('reproduces linear rope scaling', async () => {
    const llama = trainableModel({ architecture: 'llama' });
    const metadata = new Map(llama.metadata);
    metadata.set('llama.rope.scaling.type', { type: 'string', value: 'linear' });
    metadata.set('llama.rope.scaling.factor', { type: 'f32', value: 4 });
    const file = scratchFile('trainer-linear.gguf', toGguf({ ...llama, metadata }));
    const scaled = await loadModel(file);
    const own = await scaled.createPromptTrainer(OPTIONS);
    assert.ok(own.selfCheckDifference < 0.1, `${own.selfCheckDifference}`);
    await scaled.dispose();
  });

  it('cancels a running call and goes on', async () => {
    trainer.cancel();
    const loading = trainer.load(tokensOf(model, 40));
    trainer.cancel();
    assert.deepEqual(await loading, { kind: 'cancelled' });
    assert.equal(await failure(() => gradient([0])), 'invalid-argument');
    await trainer.load(tokensOf(model, 40));
    const expected = await gradient([0, 9]);
    const running = gradient([0, 9]);
    trainer.cancel();
    assert.deepEqual(await running, { kind: 'cancelled' });
    assert.deepEqual(await gradient([0, 9]), expected);
  });

  it('runs one call at a time', async () => {
    await trainer.load(tokensOf(model, 40));
    const running = gradient([0, 9]);
    assert.throws(() => gradient([0]), { code: 'invalid-argument' });
    assert.throws(() => trainer.load(tokensOf(model, 40)), { code: 'invalid-argument' });
    assert.equal((await running).kind, 'done');
  });

  it('disposed of during a call ends it first', async () => {
    await trainer.load(tokensOf(model, 40));
    const order: string[] = [];
    await Promise.all([
      gradient([0, 9]).then(({ kind }) => order.push(kind)),
      trainer.dispose().then(() => order.push('disposed')),
      trainer.dispose(),
    ]);
    assert.deepEqual(order, ['cancelled', 'disposed']);
    assert.equal(await failure(() => gradient([0])), 'disposed');
    assert.equal(await failure(() => trainer.load(tokensOf(model, 9))), 'disposed');
    trainer.cancel();
  });

  it('goes with its model', async () => {
    const other = await open('lifetime', { architecture: 'llama' });
    const made = await other.createPromptTrainer(OPTIONS);
    await made.load(tokensOf(other, 20));
    const running = made.gradient(randomRows(other, OPTIONS), Int32Array.of(0), { decay: 1 });
    const late = failure(() => other.createPromptTrainer(OPTIONS));
    await other.dispose();
    assert.ok(['done', 'cancelled'].includes((await running).kind));
    assert.equal(await late, 'disposed');
    assert.equal(await failure(() => made.load(tokensOf(model, 9))), 'disposed');
  });
});

describe('the memory of prompt trainers', function () {
  this.timeout(300_000);

  /** MiB by which the resident memory of the last quarter exceeds that of the second. */
  async function growth(cycles: number, cycle: () => Promise<unknown>): Promise<number> {
    const samples: number[] = [];
    for (let index = 0; index < cycles; index += 1) {
      await cycle();
      if (index % (cycles / 40) === 0) samples.push(process.memoryUsage.rss() / 2 ** 20);
    }
    return Math.min(...samples.slice(30)) - Math.max(...samples.slice(10, 20));
  }

  it('does not grow over 1,200 calls', async () => {
    const model = await open('calls', { architecture: 'llama' });
    const trainer = await model.createPromptTrainer(OPTIONS);
    const rows = randomRows(model, OPTIONS);
    let call = 0;
    const grown = await growth(1200, async () => {
      call += 1;
      if (call % 4 === 1) await trainer.load(tokensOf(model, 20 + (call % 28)));
      const insertions = Int32Array.from({ length: 1 + (call % 4) }, (_, index) => index);
      await trainer.gradient(rows, insertions, { decay: 1 });
    });
    // A leaked graph takes 0.15 MiB: 300 of them 45 MiB.
    assert.ok(grown < 25, `${grown} MiB`);
    await model.dispose();
  });

  it('does not grow over 120 trainers', async () => {
    const model = await open('trainers', { architecture: 'llama' });
    const grown = await growth(120, async () => {
      const trainer = await model.createPromptTrainer({ ...OPTIONS, windowLength: 512 });
      await trainer.dispose();
    });
    // A trainer of this size takes 1.5 MiB and more: 30 leaked ones 45 MiB.
    assert.ok(grown < 25, `${grown} MiB`);
    await model.dispose();
  });
});
