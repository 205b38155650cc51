/**
 * Tensor data in the types of GGUF files. The encodings are simple, not good: the tests need weights
 * that llama.cpp reads, not the best ones.
 */

export type TensorType = 'f32' | 'f16' | 'bf16' | 'q8_0' | 'q4_0' | 'q4_K';

export const TYPE_IDS: Readonly<Record<TensorType, number>> = {
  f32: 0,
  f16: 1,
  bf16: 30,
  q8_0: 8,
  q4_0: 2,
  q4_K: 12,
};

const bits = new DataView(new ArrayBuffer(4));

function bfloat(value: number): number {
  bits.setFloat32(0, value);
  return bits.getUint16(0);
}

/** Rounded towards zero; what is too small becomes zero. */
function half(value: number): number {
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 112;
  if (exponent <= 0) return sign;
  if (exponent >= 31) throw new RangeError(`${value} is no half-precision number.`);
  return sign | (exponent << 10) | ((word >>> 13) & 0x3ff);
}

function encodeWords(data: Float32Array, encode: (value: number) => number): Buffer {
  const bytes = Buffer.alloc(data.length * 2);
  data.forEach((value, index) => bytes.writeUInt16LE(encode(value), index * 2));
  return bytes;
}

function inBlocks(
  data: Float32Array,
  size: number,
  encode: (block: Float32Array) => Buffer,
): Buffer {
  const blocks: Buffer[] = [];
  for (let start = 0; start < data.length; start += size) {
    blocks.push(encode(data.subarray(start, start + size)));
  }
  return Buffer.concat(blocks);
}

const largest = (block: Float32Array) => block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** A scale, then 32 signed bytes. */
function q8Block(block: Float32Array): Buffer {
  const bytes = Buffer.alloc(34);
  const scale = largest(block) / 127;
  bytes.writeUInt16LE(half(scale));
  block.forEach((value, index) => bytes.writeInt8(Math.round(value / (scale || 1)), 2 + index));
  return bytes;
}

/** A scale, then 32 values of 4 bits, each 8 too high; the first half in the low bits. */
function q4Block(block: Float32Array): Buffer {
  const bytes = Buffer.alloc(18);
  const scale = largest(block) / 7;
  bytes.writeUInt16LE(half(scale));
  block.forEach((value, index) => {
    const at = 2 + (index % 16);
    const quant = Math.round(value / (scale || 1)) + 8;
    bytes[at] = (bytes[at] ?? 0) | (quant << (index < 16 ? 0 : 4));
  });
  return bytes;
}

/** 256 values of 4 bits; here all eight parts of the block share one scale and one minimum. */
function q4KBlock(block: Float32Array): Buffer {
  const bytes = Buffer.alloc(144);
  const least = Math.min(0, ...block);
  const scale = (Math.max(...block) - least) / 15;
  bytes.writeUInt16LE(half(scale));
  bytes.writeUInt16LE(half(-least), 2);
  bytes.fill(1, 4, 12);
  bytes.fill(0x11, 12, 16);
  block.forEach((value, index) => {
    const at = 16 + 32 * Math.floor(index / 64) + (index % 32);
    const quant = Math.min(15, Math.round((value - least) / (scale || 1)));
    bytes[at] = (bytes[at] ?? 0) | (quant << (index % 64 < 32 ? 0 : 4));
  });
  return bytes;
}

export function encodeTensor(type: TensorType, data: Float32Array): Buffer {
  switch (type) {
    case 'f32':
      return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    case 'f16':
      return encodeWords(data, half);
    case 'bf16':
      return encodeWords(data, bfloat);
    case 'q8_0':
      return inBlocks(data, 32, q8Block);
    case 'q4_0':
      return inBlocks(data, 32, q4Block);
    case 'q4_K':
      return inBlocks(data, 256, q4KBlock);
  }
}
