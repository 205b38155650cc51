/**
 * Reads small GGUF files (version 3, little endian) that may be damaged or hostile. node-llama-cpp's
 * reader is made for sound files: some impossible lengths make it end the process.
 *
 * The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */

export type SmallValue = string | number | boolean | readonly (string | number | boolean)[];

export interface SmallTensor {
  /** The fastest-running length first. */
  readonly shape: readonly number[];
  /** Null where it is not F32. */
  readonly values: Float32Array | null;
}

export interface SmallGguf {
  readonly metadata: ReadonlyMap<string, SmallValue>;
  readonly tensors: ReadonlyMap<string, SmallTensor>;
}

const MAGIC = 0x46554747;
const VERSION = 3;
const STRING = 8;
const ARRAY = 9;
const F32 = 0;
const DEFAULT_ALIGNMENT = 32;

/** @throws RangeError where the bytes are no such file, or not all of it. */
export function readSmallGguf(bytes: Uint8Array): SmallGguf {
  const reader = new Reader(bytes);
  if (reader.u32() !== MAGIC || reader.u32() !== VERSION)
    throw new RangeError('No GGUF version 3.');
  const tensorCount = reader.length();
  const metadataCount = reader.length();
  const metadata = new Map<string, SmallValue>();
  for (let index = 0; index < metadataCount; index += 1) {
    metadata.set(reader.text(), reader.value(reader.u32()));
  }
  const places = Array.from({ length: tensorCount }, () => tensorPlace(reader));
  const alignment = Number(metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT);
  const start = Math.ceil(reader.offset / alignment) * alignment;
  const tensors = new Map<string, SmallTensor>();
  for (const { name, shape, type, offset } of places) {
    const values = type === F32 ? floats(bytes, start + offset, shape) : null;
    tensors.set(name, { shape, values });
  }
  return { metadata, tensors };
}

interface TensorPlace {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** From the start of the tensors. */
  readonly offset: number;
}

function tensorPlace(reader: Reader): TensorPlace {
  const name = reader.text();
  const dimensions = reader.u32();
  if (dimensions > 4) throw new RangeError('A tensor of more than 4 dimensions.');
  const shape = Array.from({ length: dimensions }, () => reader.u64());
  return { name, shape, type: reader.u32(), offset: reader.u64() };
}

function floats(bytes: Uint8Array, offset: number, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, length) => product * length, 1);
  if (!(offset + 4 * count <= bytes.length)) throw new RangeError('A tensor is cut short.');
  // Copied: a Float32Array has to begin at a multiple of 4.
  return new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + 4 * count)).buffer);
}

type Scalar = readonly [size: number, read: (view: DataView, at: number) => number | boolean];

/** By type id. */
const SCALARS: Readonly<Record<number, Scalar>> = {
  0: [1, (view, at) => view.getUint8(at)],
  1: [1, (view, at) => view.getInt8(at)],
  2: [2, (view, at) => view.getUint16(at, true)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [4, (view, at) => view.getUint32(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getFloat32(at, true)],
  7: [1, (view, at) => view.getUint8(at) !== 0],
  10: [8, (view, at) => Number(view.getBigUint64(at, true))],
  11: [8, (view, at) => Number(view.getBigInt64(at, true))],
  12: [8, (view, at) => view.getFloat64(at, true)],
};

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** A count of things that take at least a byte each: never more than the file has. */
  length(): number {
    const count = this.u64();
    if (count > this.#bytes.length - this.offset) throw new RangeError('A count over the file.');
    return count;
  }

  text(): string {
    const length = this.length();
    const start = this.#advance(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  value(type: number): SmallValue {
    if (type !== ARRAY) return this.#single(type);
    const elementType = this.u32();
    return Array.from({ length: this.length() }, () => this.#single(elementType));
  }

  #single(type: number): string | number | boolean {
    if (type === STRING) return this.text();
    const scalar = SCALARS[type];
    if (scalar === undefined) throw new RangeError(`There is no type ${type}.`);
    const [size, read] = scalar;
    return read(this.#view, this.#advance(size));
  }

  #advance(length: number): number {
    const start = this.offset;
    if (length > this.#bytes.length - start) throw new RangeError('The file is cut short.');
    this.offset = start + length;
    return start;
  }
}
