import assert from 'node:assert/strict';
import type {
  NativeModel,
  PromptTrainer,
  PromptTrainerOptions,
} from '../../engine/native/addon.d.ts';
import { decodeRows, loadModel, trainedModelPath } from './support/native.ts';
import {
  gradientOf,
  lossOf,
  open,
  OPTIONS,
  randomRows,
  tokensOf,
} from './support/prompt-training.ts';
import { seededRandom } from './support/random.ts';
import { type TrainableShape } from './support/trainable-models.ts';

/** Central differences at a few coordinates of each row. */
async function checkGradient(
  trainer: PromptTrainer,
  rows: Float32Array,
  insertions: readonly number[],
  width: number,
): Promise<void> {
  const random = seededRandom(11);
  const { gradient } = await gradientOf(trainer, rows, insertions);
  const size = Math.hypot(...gradient) / Math.sqrt(gradient.length);
  assert.ok(size > 1e-4, `a gradient of ${size} shows nothing`);
  for (let row = 0; row < rows.length / width; row += 1) {
    for (let sample = 0; sample < 3; sample += 1) {
      const index = row * width + Math.floor(random() * width);
      const at = async (step: number) => {
        const moved = rows.slice();
        moved[index] = (moved[index] ?? 0) + step;
        return [moved[index] ?? 0, lossOf(await gradientOf(trainer, moved, insertions))] as const;
      };
      const [high, lossAbove] = await at(0.01);
      const [low, lossBelow] = await at(-0.01);
      const expected = (lossAbove - lossBelow) / (high - low);
      const actual = gradient[index] ?? 0;
      const tolerance = 0.02 * Math.abs(expected) + 0.02 * size;
      assert.ok(
        Math.abs(actual - expected) < tolerance,
        `value ${index}: ${actual} instead of ${expected}`,
      );
    }
  }
}

/**
 * Quantised rows have more than one block of 32 values: with one, llama.cpp's AMX kernels give NaN for
 * batches of 32 rows or more.
 */
const SHAPES: readonly (readonly [string, TrainableShape])[] = [
  ['llama', { architecture: 'llama' }],
  ['llama, grouped heads, own head', { architecture: 'llama', kvHeads: 2, untied: true }],
  ['llama, rope factors', { architecture: 'llama', kvHeads: 1, ropeFactors: true }],
  ['qwen2', { architecture: 'qwen2', kvHeads: 2, biases: true }],
  ['llama, F16', { architecture: 'llama', type: 'f16' }],
  ['qwen2, BF16', { architecture: 'qwen2', biases: true, type: 'bf16' }],
  ['llama, Q8_0', { architecture: 'llama', width: 64, type: 'q8_0' }],
  ['qwen2, Q4_0', { architecture: 'qwen2', width: 64, kvHeads: 2, biases: true, type: 'q4_0' }],
  ['llama, Q4_K', { architecture: 'llama', width: 256, type: 'q4_K' }],
];

describe('the gradient of prompt tokens', function () {
  this.timeout(120_000);
  for (const [index, [name, shape]] of SHAPES.entries()) {
    describe(`of ${name}`, () => {
      let model: NativeModel;
      before(async () => {
        model = await open(`${index}`, shape);
      });
      after(() => model.dispose());

      for (const [count, ensemble] of [
        [1, 1],
        [2, 2],
        [3, 1],
        [3, 2],
      ] as const) {
        it(`is that of finite differences, m = ${count}, E = ${ensemble}`, async () => {
          const options = { ...OPTIONS, count, ensemble };
          const trainer = await model.createPromptTrainer(options);
          await trainer.load(tokensOf(model, 40));
          const rows = randomRows(model, options);
          await checkGradient(trainer, rows, [0, 5, 5, 39 - count], model.info.embeddingLength);
          await trainer.dispose();
        });
      }
    });
  }
});

/** Means and logarithms in JavaScript's double precision. */
const logSoftmax = (logits: readonly number[]) => {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return logits.map((logit) => logit - most - Math.log(sum));
};

/** The losses of one insertion out of llama.cpp's own passes: rows as slots of a tree. */
async function referenceLosses(
  model: NativeModel,
  tokens: Int32Array,
  rows: Float32Array,
  insertion: number,
  { count, ensemble }: PromptTrainerOptions,
): Promise<number[]> {
  const context = await model.createContext({
    contextLength: 512,
    batchSize: 64,
    threads: 1,
    batchThreads: 1,
    sequences: ensemble,
    flashAttention: false,
  });
  const logits = (row: number) => Array.from(context.debugLogits(row));
  await decodeRows(context, tokens, { outputs: tokens.length });
  const teachers = Array.from({ length: count }, (_, i) => logSoftmax(logits(insertion + 1 + i)));
  context.removeTokens(0, insertion, -1);
  context.setPromptEmbeddings(rows);
  const distances = Array.from({ length: count }, (_, i) => i);
  const chains = Array.from({ length: ensemble }, (_, j) => j);
  const cells = chains.flatMap((j) => distances.map((i) => ({ i, j })));
  const result = await context.decodeTree({
    tokens: Int32Array.of(tokens[insertion] ?? 0, ...cells.map(() => -1)),
    slots: Int32Array.of(-1, ...cells.map(({ i, j }) => i * ensemble + j)),
    offsets: Int32Array.of(0, ...cells.map(({ i }) => i + 1)),
    sequenceCounts: Int32Array.of(ensemble, ...cells.map(() => 1)),
    sequences: Int32Array.of(...chains, ...cells.map(({ j }) => j)),
    outputs: Int32Array.from({ length: cells.length + 1 }, (_, row) => row),
    topK: 1,
  });
  assert.equal(result.kind, 'done');
  const losses = distances.map((i) => {
    const parts = chains.map((j) => logits(1 + j * count + i));
    const mean = parts[0]!.map((_, id) => parts.reduce((sum, p) => sum + p[id]!, 0) / ensemble);
    const own = logSoftmax(mean);
    return teachers[i]!.reduce((sum, log, id) => sum + Math.exp(log) * (log - own[id]!), 0);
  });
  await context.dispose();
  return losses;
}

describe('the loss of prompt tokens', function () {
  this.timeout(120_000);

  async function check(model: NativeModel, options: PromptTrainerOptions, tolerance: number) {
    const trainer = await model.createPromptTrainer(options);
    const tokens = tokensOf(model, options.windowLength);
    const rows = randomRows(model, options);
    await trainer.load(tokens);
    const insertions = [1, 17, tokens.length - 1 - options.count];
    const expected = await Promise.all(
      insertions.map((insertion) => referenceLosses(model, tokens, rows, insertion, options)),
    );
    for (const [index, insertion] of insertions.entries()) {
      const { lossByDistance } = await gradientOf(trainer, rows, [insertion]);
      for (const [i, loss] of lossByDistance.entries()) {
        const reference = expected[index]![i]!;
        assert.ok(
          Math.abs(loss - reference) < tolerance * (1 + reference),
          `${loss} instead of ${reference} at ${insertion}, distance ${i + 1}`,
        );
      }
    }
    const { lossByDistance } = await gradientOf(trainer, rows, insertions);
    for (const [i, loss] of lossByDistance.entries()) {
      const mean = expected.reduce((sum, losses) => sum + losses[i]!, 0) / expected.length;
      assert.ok(Math.abs(loss - mean) < tolerance * (1 + mean), `${loss} instead of ${mean}`);
    }
    await trainer.dispose();
  }

  for (const ensemble of [1, 3]) {
    const options = { ...OPTIONS, count: 3, ensemble };
    for (const [index, [name, shape]] of SHAPES.slice(0, 4).entries()) {
      it(`is llama.cpp's own for ${name}, E = ${ensemble}`, async () => {
        const model = await open(`loss-${index}`, shape);
        await check(model, options, 0.003);
        await model.dispose();
      });
    }

    it(`is llama.cpp's own for the trained model, E = ${ensemble}`, async () => {
      const model = await loadModel(trainedModelPath());
      await check(model, options, 0.02);
      await model.dispose();
    });
  }

  it('vanishes where prompt tokens are the text itself', async () => {
    const model = await loadModel(trainedModelPath());
    const trainer = await model.createPromptTrainer(OPTIONS);
    const tokens = tokensOf(model, 40);
    await trainer.load(tokens);
    const rows = await model.tokenEmbeddings(tokens.subarray(11, 14));
    const { lossByDistance } = await gradientOf(trainer, rows, [10]);
    for (const loss of lossByDistance) assert.ok(loss > -1e-5 && loss < 0.01, `${loss}`);
    await model.dispose();
  });

  it('falls by gradient descent on the trained model', async () => {
    const model = await loadModel(trainedModelPath());
    const trainer = await model.createPromptTrainer(OPTIONS);
    await trainer.load(tokensOf(model, 48));
    const insertions = [4, 14, 24, 34];
    const rows = (await model.tokenEmbeddings(Int32Array.of(300, 300, 300))).slice();
    const losses: number[] = [];
    for (let step = 0; step < 12; step += 1) {
      const result = await gradientOf(trainer, rows, insertions);
      losses.push(lossOf(result));
      result.gradient.forEach((slope, index) => {
        rows[index] = (rows[index] ?? 0) - 0.3 * slope;
      });
    }
    assert.ok(losses.at(-1)! < 0.9 * losses[0]!, losses.join(' '));
    await model.dispose();
  });
});
