import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  BLOCK_TYPES,
  fromHalf,
  randomBlocks,
  tensorBytes,
  toHalf,
} from '../../../bench/gpu/gguf/blocks.ts';
import { SHAPES, writeRandomModel } from '../../../bench/gpu/gguf/random-model.ts';
import { parseRawGguf } from '../../../bench/gpu/gguf/raw-gguf.ts';
import { requantise } from '../../../bench/gpu/gguf/requantise.ts';
import { planFor, stepwise, PAPER_ACCURACIES } from '../../../bench/gpu/lib/plans.ts';
import { seededRandom } from '../../../engine/core/metrics/percentiles.ts';

const MODEL = path.resolve(import.meta.dirname, '../../../models/foretoken-code-6m.Q8_0.gguf');

describe('half precision', () => {
  it('is what IEEE 754 says', () => {
    const known: readonly (readonly [number, number])[] = [
      [0, 0x0000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65_504, 0x7bff],
      [65_520, 0x7c00],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [0.1, 0x2e66],
    ];
    for (const [value, bits] of known) assert.equal(toHalf(value), bits, String(value));
  });

  it('goes there and back for every number that it has', () => {
    for (let bits = 0; bits < 0x10000; bits += 1) {
      const value = fromHalf(bits);
      if (Number.isNaN(value)) continue;
      assert.equal(toHalf(value), bits, bits.toString(16));
    }
  });
});

describe('random blocks', () => {
  const deviationOf = (values: readonly number[]): number =>
    Math.sqrt(values.reduce((sum, each) => sum + each ** 2, 0) / values.length);

  it('have the deviation asked for', () => {
    const blocks = randomBlocks('Q8_0', 500, 0.05, seededRandom(3));
    assert.equal(blocks.length, tensorBytes('Q8_0', 500 * 32));
    const values = Array.from({ length: 500 * 32 }, (_, index) => {
      const block = Math.floor(index / 32) * BLOCK_TYPES.Q8_0.bytes;
      return fromHalf(blocks.readUInt16LE(block)) * blocks.readInt8(block + 2 + (index % 32));
    });
    assert.ok(Math.abs(deviationOf(values) / 0.05 - 1) < 0.05);
    const plain = randomBlocks('F32', 5000, 0.2, seededRandom(4));
    const numbers = Array.from({ length: 5000 }, (_, index) => plain.readFloatLE(4 * index));
    assert.ok(Math.abs(deviationOf(numbers) / 0.2 - 1) < 0.05);
  });
});

describe('model files for benchmarks', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foretoken-gguf-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('of random weights have the shape, and the tokenizer of another file', () => {
    const file = path.join(folder, 'tiny.gguf');
    const weights = writeRandomModel(file, MODEL, 'tiny', 'Q4_K_M');
    const { metadata, tensors, dataAt } = parseRawGguf(readFileSync(file));
    const source = parseRawGguf(readFileSync(MODEL));
    const key = 'tokenizer.ggml.tokens';
    assert.deepEqual(metadata.get(key), source.metadata.get(key));
    const { width, layers } = SHAPES.tiny;
    assert.equal(tensors.length, 2 + 12 * layers);
    const embeddings = tensors.find(({ name }) => name === 'token_embd.weight');
    assert.deepEqual(embeddings?.shape, [width, 8192]);
    assert.ok(weights > width * 8192);
    // The last tensor is the norm of the output: its ones end the file.
    const last = tensors.find(({ name }) => name === 'output_norm.weight');
    assert.equal(statSync(file).size, dataAt + (last?.offset ?? 0) + 4 * width);
  });

  it('of the embedded model in F16 hold the same weights', () => {
    const file = path.join(folder, 'f16.gguf');
    requantise(MODEL, file, 'F16');
    const source = readFileSync(MODEL);
    const target = readFileSync(file);
    const before = parseRawGguf(source);
    const after = parseRawGguf(target);
    assert.deepEqual([...after.metadata], [...before.metadata]);
    const place = ({ tensors, dataAt }: typeof before, name: string): number =>
      dataAt + (tensors.find((each) => each.name === name)?.offset ?? NaN);
    const q8 = place(before, 'blk.3.ffn_up.weight');
    const f16 = place(after, 'blk.3.ffn_up.weight');
    const scale = fromHalf(source.readUInt16LE(q8));
    for (let index = 0; index < 32; index += 1) {
      const expected = toHalf(scale * source.readInt8(q8 + 2 + index));
      assert.equal(target.readUInt16LE(f16 + 2 * index), expected);
    }
  });
});

describe('plans for a measured L(n)', () => {
  it('fill lengths that were not measured with the next longer one', () => {
    const curve = [
      { rows: 4, median: 3 },
      { rows: 1, median: 1 },
    ];
    assert.deepEqual(stepwise(curve), [0, 1, 3, 3, 3]);
    assert.deepEqual(stepwise([]), [0]);
    assert.equal(planFor([], PAPER_ACCURACIES), null);
  });

  it('use trees where rows are free, and none where they are dear', () => {
    const rows = [1, 2, 4, 8, 16, 32, 64];
    const free = planFor(
      rows.map((each) => ({ rows: each, median: 1 })),
      PAPER_ACCURACIES,
    );
    const dear = planFor(
      rows.map((each) => ({ rows: each, median: each })),
      PAPER_ACCURACIES,
    );
    // The optimum at 64 rows is 2.245 tokens a step for the paper's accuracies.
    assert.ok(free !== null && Math.abs(free.speedup - 2.245) < 0.03);
    assert.ok(dear !== null && Math.abs(dear.speedup - 1) < 1e-6);
  });
});
