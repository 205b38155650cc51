/**
 * Tensor types of GGUF files, and blocks of them with random weights.
 *
 * Layouts: ggml/src/ggml-common.h of llama.cpp. Every scale is one half-precision number, chosen so
 * that the weights have the standard deviation asked for; all other bytes are random.
 */
import type { RandomSource } from '../../../engine/core/metrics/percentiles.ts';

export interface BlockType {
  /** Id in the file. */
  readonly id: number;
  readonly weights: number;
  readonly bytes: number;
  /** Where the scale lies; null = the weights are plain numbers. */
  readonly scaleAt: number | null;
  /** Standard deviation of the weights, in scales. */
  readonly deviation: number;
}

export const BLOCK_TYPES = {
  F32: { id: 0, weights: 1, bytes: 4, scaleAt: null, deviation: 1 },
  F16: { id: 1, weights: 1, bytes: 2, scaleAt: null, deviation: 1 },
  Q4_0: { id: 2, weights: 32, bytes: 18, scaleAt: 0, deviation: 4.6 },
  Q5_0: { id: 6, weights: 32, bytes: 22, scaleAt: 0, deviation: 9.2 },
  Q8_0: { id: 8, weights: 32, bytes: 34, scaleAt: 0, deviation: 74 },
  /** d * scale * q - dmin * min: see `randomBlocks` for dmin. */
  Q4_K: { id: 12, weights: 256, bytes: 144, scaleAt: 0, deviation: 250 },
  Q6_K: { id: 14, weights: 256, bytes: 210, scaleAt: 208, deviation: 1370 },
} as const satisfies Record<string, BlockType>;

export type BlockTypeName = keyof typeof BLOCK_TYPES;

/** Mean of a Q4_K weight before its minimum is taken off is d * 31.5 * 7.5, after it near 0. */
const Q4_K_MINIMUM = 7.5;

export function tensorBytes(type: BlockTypeName, weights: number): number {
  return (weights / BLOCK_TYPES[type].weights) * BLOCK_TYPES[type].bytes;
}

/** `count` blocks whose weights have mean 0 and the given standard deviation. */
export function randomBlocks(
  name: BlockTypeName,
  count: number,
  deviation: number,
  random: RandomSource,
): Buffer {
  const type: BlockType = BLOCK_TYPES[name];
  const buffer = Buffer.alloc(count * type.bytes);
  if (type.scaleAt === null) return fillPlain(buffer, type.bytes, deviation, random);
  for (let at = 0; at + 4 <= buffer.length; at += 4) {
    buffer.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  }
  const scale = toHalf(deviation / type.deviation);
  for (let block = 0; block < buffer.length; block += type.bytes) {
    buffer.writeUInt16LE(scale, block + type.scaleAt);
    if (name !== 'Q4_K') continue;
    buffer.writeUInt16LE(toHalf((Q4_K_MINIMUM * deviation) / type.deviation), block + 2);
  }
  return buffer;
}

/** Uniform numbers: nothing here looks at more than two moments. */
function fillPlain(buffer: Buffer, size: number, deviation: number, random: RandomSource): Buffer {
  const width = deviation * Math.sqrt(12);
  for (let at = 0; at < buffer.length; at += size) {
    const value = (random() - 0.5) * width;
    if (size === 4) buffer.writeFloatLE(value, at);
    else buffer.writeUInt16LE(toHalf(value), at);
  }
  return buffer;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** IEEE 754 half precision, rounded to nearest; too small numbers become 0, too large ones infinite. */
export function toHalf(value: number): number {
  float[0] = value;
  const bits = floatBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fff_ffff;
  // 65520 and up, infinity included.
  if (size >= 0x477f_f000) return sign | 0x7c00;
  // Below 2^-14 halves have one exponent: they are multiples of 2^-24.
  if (size < 0x3880_0000) return sign | Math.round(Math.abs(value) * 2 ** 24);
  // The exponent's bias falls from 127 to 15, the mantissa from 23 bits to 10.
  return sign | ((size - 0x3800_0000 + 0x1000) >>> 13);
}

export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
