import { readFileSync } from 'node:fs';
import { BLOCK_TYPES, fromHalf, tensorBytes, toHalf } from './blocks.ts';
import { parseRawGguf, writeRawGguf, type TensorToWrite } from './raw-gguf.ts';

const Q8_0 = BLOCK_TYPES.Q8_0;

/**
 * Another edition of a Q8_0 model file: its matrices as F16 (no loss) or as Q4_0, rounded to nearest
 * as ggml's reference does it. To compare a device's kernels for these types, not for their quality.
 */
export function requantise(source: string, target: string, type: 'F16' | 'Q4_0'): void {
  const bytes = readFileSync(source);
  const { metadata, tensors, dataAt } = parseRawGguf(bytes);
  const written = tensors.map((tensor): TensorToWrite => {
    const weights = tensor.shape.reduce((product, length) => product * length, 1);
    const start = dataAt + tensor.offset;
    const common = { name: tensor.name, shape: tensor.shape };
    if (tensor.type !== Q8_0.id) {
      const length = tensorBytes(tensor.type === BLOCK_TYPES.F32.id ? 'F32' : 'F16', weights);
      const data = bytes.subarray(start, start + length);
      return { ...common, type: tensor.type, bytes: length, pieces: () => [data] };
    }
    const blocks = bytes.subarray(start, start + tensorBytes('Q8_0', weights));
    const convert = type === 'F16' ? toF16 : toQ4;
    return {
      ...common,
      type: BLOCK_TYPES[type].id,
      bytes: tensorBytes(type, weights),
      pieces: () => [convert(readBlocks(blocks))],
    };
  });
  writeRawGguf(target, [...metadata.values()], written);
}

function readBlocks(blocks: Buffer): Float32Array {
  const values = new Float32Array((blocks.length / Q8_0.bytes) * Q8_0.weights);
  for (let at = 0, index = 0; at < blocks.length; at += Q8_0.bytes) {
    const scale = fromHalf(blocks.readUInt16LE(at));
    for (let weight = 0; weight < Q8_0.weights; weight += 1, index += 1) {
      values[index] = scale * blocks.readInt8(at + 2 + weight);
    }
  }
  return values;
}

function toF16(values: Float32Array): Buffer {
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index += 1) halves[index] = toHalf(values[index] ?? 0);
  return Buffer.from(halves.buffer);
}

/** The value of largest size becomes -8 scales; two weights share a byte, 16 places apart. */
function toQ4(values: Float32Array): Buffer {
  const { weights, bytes } = BLOCK_TYPES.Q4_0;
  const buffer = Buffer.alloc((values.length / weights) * bytes);
  for (let block = 0; block * weights < values.length; block += 1) {
    const slice = values.subarray(block * weights, (block + 1) * weights);
    const largest = slice.reduce(
      (best, each) => (Math.abs(each) > Math.abs(best) ? each : best),
      0,
    );
    const scale = largest / -8;
    const quantised = (index: number): number => {
      const value = scale === 0 ? 0 : (slice[index] ?? 0) / scale;
      return Math.min(15, Math.max(0, Math.floor(value + 8.5)));
    };
    buffer.writeUInt16LE(toHalf(scale), block * bytes);
    for (let at = 0; at < weights / 2; at += 1) {
      buffer[block * bytes + 2 + at] = quantised(at) | (quantised(at + weights / 2) << 4);
    }
  }
  return buffer;
}
