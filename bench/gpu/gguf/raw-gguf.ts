/**
 * GGUF files as pieces of bytes: metadata that is taken over is copied as it lies, so its types
 * cannot change on the way. For files of our own and of llama.cpp's source alone.
 *
 * The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { closeSync, openSync, writeSync } from 'node:fs';

export interface RawTensor {
  readonly name: string;
  /** The fastest-running length first. */
  readonly shape: readonly number[];
  /** Type id. */
  readonly type: number;
}

export interface RawGguf {
  /** Key to its whole entry: key, type and value. */
  readonly metadata: ReadonlyMap<string, Buffer>;
  readonly tensors: readonly (RawTensor & { readonly offset: number })[];
  /** Where the tensors' data begin in the file. */
  readonly dataAt: number;
}

export const ALIGNMENT = 32;
const MAGIC = 0x46554747;
const STRING = 8;
const ARRAY = 9;
const SIZES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

export function parseRawGguf(bytes: Buffer): RawGguf {
  let at = 24;
  const u32 = (): number => bytes.readUInt32LE((at += 4) - 4);
  const u64 = (): number => Number(bytes.readBigUInt64LE((at += 8) - 8));
  const text = (): string => {
    const length = u64();
    return bytes.toString('utf8', at, (at += length));
  };
  const skip = (type: number): void => {
    if (type === STRING) text();
    else if (type === ARRAY) {
      const element = u32();
      for (let left = u64(); left > 0; left -= 1) skip(element);
    } else at += SIZES[type] ?? NaN;
  };
  if (bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('No GGUF file.');
  const tensorCount = Number(bytes.readBigUInt64LE(8));
  const metadata = new Map<string, Buffer>();
  for (let left = Number(bytes.readBigUInt64LE(16)); left > 0; left -= 1) {
    const start = at;
    const key = text();
    skip(u32());
    metadata.set(key, bytes.subarray(start, at));
  }
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text();
    const shape = Array.from({ length: u32() }, u64);
    return { name, shape, type: u32(), offset: u64() };
  });
  return { metadata, tensors, dataAt: Math.ceil(at / ALIGNMENT) * ALIGNMENT };
}

export interface TensorToWrite extends RawTensor {
  readonly bytes: number;
  /** The data, in pieces that are written one after the other. */
  readonly pieces: () => Iterable<Buffer>;
}

/** Streams: no tensor is ever held whole. */
export function writeRawGguf(
  path: string,
  metadata: readonly Buffer[],
  tensors: readonly TensorToWrite[],
): void {
  const file = openSync(path, 'w');
  try {
    const header = headerOf(metadata, tensors);
    writeSync(file, header);
    for (const { bytes, pieces } of tensors) {
      for (const piece of pieces()) writeSync(file, piece);
      writeSync(file, Buffer.alloc(paddingAfter(bytes)));
    }
  } finally {
    closeSync(file);
  }
}

function headerOf(metadata: readonly Buffer[], tensors: readonly TensorToWrite[]): Buffer {
  const start = Buffer.alloc(24);
  start.writeUInt32LE(MAGIC, 0);
  start.writeUInt32LE(3, 4);
  start.writeBigUInt64LE(BigInt(tensors.length), 8);
  start.writeBigUInt64LE(BigInt(metadata.length), 16);
  let offset = 0;
  const infos = tensors.map(({ name, shape, type, bytes }) => {
    const info = [string(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)];
    offset += bytes + paddingAfter(bytes);
    return Buffer.concat(info);
  });
  const header = Buffer.concat([start, ...metadata, ...infos]);
  return Buffer.concat([header, Buffer.alloc(paddingAfter(header.length))]);
}

/** Entries of the metadata. */
export const entry = {
  text: (key: string, value: string) => Buffer.concat([string(key), u32(STRING), string(value)]),
  u32: (key: string, value: number) => Buffer.concat([string(key), u32(4), u32(value)]),
  f32: (key: string, value: number) => {
    const number = Buffer.alloc(4);
    number.writeFloatLE(value);
    return Buffer.concat([string(key), u32(6), number]);
  },
};

function paddingAfter(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}
