/** Writes GGUF v3 files: just what the fixtures of these tests need. */
import { encodeTensor, TYPE_IDS, type TensorType } from './gguf-types.ts';

export type MetadataValue =
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s'; readonly value: readonly number[] };

export interface Tensor {
  readonly name: string;
  /** The fastest-running dimension first, as in GGUF. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** In the file; F32 unless given. */
  readonly type?: TensorType;
}

export type Metadata = ReadonlyMap<string, MetadataValue>;

const ALIGNMENT = 32;
const TYPE_CODES = { u32: 4, f32: 6, bool: 7, string: 8, strings: 8, i32s: 5 } as const;
const ARRAY = 9;

class Bytes {
  private readonly parts: Buffer[] = [];
  length = 0;

  add(part: Buffer): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }
  u32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    return this.add(part);
  }
  i32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32LE(value);
    return this.add(part);
  }
  u64(value: number): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    return this.add(part);
  }
  f32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeFloatLE(value);
    return this.add(part);
  }
  string(value: string): this {
    const text = Buffer.from(value, 'utf8');
    return this.u64(text.length).add(text);
  }
  pad(alignment: number): this {
    return this.add(Buffer.alloc((alignment - (this.length % alignment)) % alignment));
  }
  concat(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function writeValue(bytes: Bytes, value: MetadataValue): void {
  switch (value.type) {
    case 'u32':
      bytes.u32(TYPE_CODES.u32).u32(value.value);
      break;
    case 'f32':
      bytes.u32(TYPE_CODES.f32).f32(value.value);
      break;
    case 'bool':
      bytes.u32(TYPE_CODES.bool).add(Buffer.from([value.value ? 1 : 0]));
      break;
    case 'string':
      bytes.u32(TYPE_CODES.string).string(value.value);
      break;
    case 'strings':
      bytes.u32(ARRAY).u32(TYPE_CODES.strings).u64(value.value.length);
      for (const text of value.value) bytes.string(text);
      break;
    case 'i32s':
      bytes.u32(ARRAY).u32(TYPE_CODES.i32s).u64(value.value.length);
      for (const number of value.value) bytes.i32(number);
      break;
  }
}

export function writeGguf(metadata: Metadata, tensors: readonly Tensor[]): Buffer {
  const bytes = new Bytes();
  bytes.add(Buffer.from('GGUF')).u32(3).u64(tensors.length).u64(metadata.size);
  for (const [key, value] of metadata) writeValue(bytes.string(key), value);
  let offset = 0;
  for (const tensor of tensors) {
    bytes.string(tensor.name).u32(tensor.shape.length);
    for (const size of tensor.shape) bytes.u64(size);
    bytes.u32(TYPE_IDS[tensor.type ?? 'f32']).u64(offset);
    const { length } = encodeTensor(tensor.type ?? 'f32', tensor.data);
    offset += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  }
  bytes.pad(ALIGNMENT);
  for (const { data, type } of tensors) {
    bytes.add(encodeTensor(type ?? 'f32', data)).pad(ALIGNMENT);
  }
  return bytes.concat();
}
