/**
 * Models with random weights in the shapes that people run: what they write is noise, but a forward
 * pass takes the time that it takes with the real weights.
 */
import { readFileSync } from 'node:fs';
import { seededRandom, type RandomSource } from '../../../engine/core/metrics/percentiles.ts';
import { BLOCK_TYPES, randomBlocks, tensorBytes, type BlockTypeName } from './blocks.ts';
import { entry, parseRawGguf, writeRawGguf, type TensorToWrite } from './raw-gguf.ts';

export interface Shape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  /** The output matrix is the embedding matrix. */
  readonly tied: boolean;
}

/** Qwen2.5-Coder's, from the config.json files of its releases; `tiny` is for trying this out. */
export const SHAPES = {
  tiny: { width: 256, layers: 2, heads: 4, kvHeads: 2, feedForward: 512, tied: true },
  '0.5B': { width: 896, layers: 24, heads: 14, kvHeads: 2, feedForward: 4864, tied: true },
  '1.5B': { width: 1536, layers: 28, heads: 12, kvHeads: 2, feedForward: 8960, tied: true },
  '3B': { width: 2048, layers: 36, heads: 16, kvHeads: 2, feedForward: 11_008, tied: true },
  '7B': { width: 3584, layers: 28, heads: 28, kvHeads: 4, feedForward: 18_944, tied: false },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;

export const QUANTISATIONS = ['Q4_K_M', 'Q8_0'] as const;
export type Quantisation = (typeof QUANTISATIONS)[number];

const CONTEXT_LENGTH = 32_768;

/** Blocks made for one tensor type and size of weights; a prime, so that no two rows begin alike. */
const POOL_BLOCKS = 60_013;

/**
 * @param vocabulary A GGUF file (llama.cpp's vocabulary-only ones will do) whose tokenizer is taken.
 * @returns The number of weights.
 */
export function writeRandomModel(
  path: string,
  vocabulary: string,
  shapeName: ShapeName,
  quantisation: Quantisation,
): number {
  const source = parseRawGguf(readFileSync(vocabulary));
  const tokenizer = [...source.metadata].filter(([key]) => key.startsWith('tokenizer.ggml.'));
  const shape: Shape = SHAPES[shapeName];
  const { tokens } = vocabularySize(source.metadata);
  const pools = new Pools(seededRandom(1));
  const tensors = tensorsOf(shape, tokens, quantisation).map((tensor) => pools.fill(tensor));
  const metadata = [
    ...describe(shape, `${shapeName} ${quantisation}`),
    ...tokenizer.map(([, raw]) => raw),
  ];
  writeRawGguf(path, metadata, tensors);
  return tensors.reduce((sum, { shape: [width = 0, height = 1] }) => sum + width * height, 0);
}

interface Plan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: BlockTypeName;
  /** Of the weights; `one` for the weights of norms. */
  readonly deviation: number | 'one';
}

function tensorsOf(shape: Shape, tokens: number, quantisation: Quantisation): readonly Plan[] {
  const { width, feedForward, tied } = shape;
  const kvWidth = (width / shape.heads) * shape.kvHeads;
  const matrix = (name: string, rows: number, columns: number, important = false): Plan => ({
    name: `${name}.weight`,
    shape: [columns, rows],
    type: typeOf(quantisation, columns, important),
    deviation: 1 / Math.sqrt(columns),
  });
  const vector = (name: string, length: number, deviation: number | 'one'): Plan => ({
    name,
    shape: [length],
    type: 'F32',
    deviation,
  });
  const layer = (index: number): readonly Plan[] => {
    const at = `blk.${index}`;
    const important = isImportantLayer(index, shape.layers);
    return [
      vector(`${at}.attn_norm.weight`, width, 'one'),
      matrix(`${at}.attn_q`, width, width),
      vector(`${at}.attn_q.bias`, width, 0.1),
      matrix(`${at}.attn_k`, kvWidth, width),
      vector(`${at}.attn_k.bias`, kvWidth, 0.1),
      matrix(`${at}.attn_v`, kvWidth, width, important),
      vector(`${at}.attn_v.bias`, kvWidth, 0.1),
      matrix(`${at}.attn_output`, width, width),
      vector(`${at}.ffn_norm.weight`, width, 'one'),
      matrix(`${at}.ffn_gate`, feedForward, width),
      matrix(`${at}.ffn_up`, feedForward, width),
      matrix(`${at}.ffn_down`, width, feedForward, important),
    ];
  };
  return [
    matrix('token_embd', tokens, width, tied),
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    vector('output_norm.weight', width, 'one'),
    ...(tied ? [] : [matrix('output', tokens, width, true)]),
  ];
}

/**
 * As llama-quantize mixes them: Q4_K_M gives some tensors Q6_K, and rows that are no multiple of 256
 * fall back to Q5_0 and Q8_0.
 */
function typeOf(quantisation: Quantisation, columns: number, important: boolean): BlockTypeName {
  if (quantisation === 'Q8_0') return 'Q8_0';
  if (columns % 256 !== 0) return important ? 'Q8_0' : 'Q5_0';
  return important ? 'Q6_K' : 'Q4_K';
}

/** The first and last eighth, and every third between. */
function isImportantLayer(index: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8);
  return index < eighth || index >= layers - eighth || (index - eighth) % 3 === 2;
}

function describe(shape: Shape, name: string): readonly Buffer[] {
  return [
    entry.text('general.architecture', 'qwen2'),
    entry.text('general.name', `random ${name}`),
    entry.u32('qwen2.block_count', shape.layers),
    entry.u32('qwen2.context_length', CONTEXT_LENGTH),
    entry.u32('qwen2.embedding_length', shape.width),
    entry.u32('qwen2.feed_forward_length', shape.feedForward),
    entry.u32('qwen2.attention.head_count', shape.heads),
    entry.u32('qwen2.attention.head_count_kv', shape.kvHeads),
    entry.f32('qwen2.rope.freq_base', 1_000_000),
    entry.f32('qwen2.attention.layer_norm_rms_epsilon', 1e-6),
  ];
}

/** The length of the token list stands behind key, type and element type of its entry. */
function vocabularySize(metadata: ReadonlyMap<string, Buffer>): { readonly tokens: number } {
  const key = 'tokenizer.ggml.tokens';
  const raw = metadata.get(key);
  if (raw === undefined) throw new RangeError('The vocabulary has no tokens.');
  return { tokens: Number(raw.readBigUInt64LE(8 + Buffer.byteLength(key) + 4 + 4)) };
}

/** One pool of blocks per type and deviation, used again and again. */
class Pools {
  readonly #random: RandomSource;
  readonly #pools = new Map<string, Buffer>();
  readonly #positions = new Map<Buffer, number>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  fill({ name, shape, type, deviation }: Plan): TensorToWrite {
    const weights = shape.reduce((product, length) => product * length, 1);
    const bytes = tensorBytes(type, weights);
    const pieces =
      deviation === 'one' ? () => [ones(weights)] : () => this.#take(type, deviation, bytes);
    return { name, shape, type: BLOCK_TYPES[type].id, bytes, pieces };
  }

  *#take(type: BlockTypeName, deviation: number, bytes: number): Iterable<Buffer> {
    const pool = this.#pool(type, deviation);
    for (let left = bytes; left > 0;) {
      const at = this.#positions.get(pool) ?? 0;
      const piece = pool.subarray(at, at + left);
      this.#positions.set(pool, (at + piece.length) % pool.length);
      left -= piece.length;
      yield piece;
    }
  }

  #pool(type: BlockTypeName, deviation: number): Buffer {
    const key = `${type} ${deviation}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = randomBlocks(type, POOL_BLOCKS, deviation, this.#random);
    this.#pools.set(key, made);
    return made;
  }
}

function ones(count: number): Buffer {
  return Buffer.from(new Float32Array(count).fill(1).buffer);
}
