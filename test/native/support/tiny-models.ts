/**
 * Models of a few ten kilobytes with random weights, for what a real model cannot show: missing FIM
 * tokens, encoders, unknown architectures, recurrent memory, exactly known F32 weights.
 */
import { writeGguf, type Metadata, type MetadataValue, type Tensor } from './gguf-writer.ts';
import { normal, seededRandom } from './random.ts';

const EMBEDDING = 32;
const FEED_FORWARD = 64;
const LAYERS = 2;
const HEADS = 2;

export const FIM_NAMES = [
  'fim_pre',
  'fim_suf',
  'fim_mid',
  'fim_pad',
  'fim_rep',
  'fim_sep',
] as const;

export interface TinyModel {
  readonly metadata: Map<string, MetadataValue>;
  readonly tensors: Tensor[];
}

/** The 256 printable stand-ins that byte-level BPE vocabularies use for bytes. */
function byteAlphabet(): string[] {
  const alphabet: string[] = [];
  let extra = 256;
  for (let byte = 0; byte < 256; byte += 1) {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    alphabet.push(String.fromCodePoint(printable ? byte : extra++));
  }
  return alphabet;
}

const MERGES = ['r e', 't u', 're tu', 'r n', 'retu rn', 'Ġ Ġ', 'ĠĠ ĠĠ', 'd e', 'de f'];

function vocabulary(withFim: boolean): Metadata {
  const tokens = [...byteAlphabet(), ...MERGES.map((merge) => merge.replace(' ', ''))];
  const types = tokens.map(() => 1);
  const metadata = new Map<string, MetadataValue>();
  const special = (key: string, text: string) => {
    metadata.set(`tokenizer.ggml.${key}_token_id`, { type: 'u32', value: tokens.length });
    tokens.push(text);
    types.push(3);
  };
  special('eos', '<|endoftext|>');
  if (withFim) for (const name of FIM_NAMES) special(name, `<|${name}|>`);
  metadata.set('tokenizer.ggml.model', { type: 'string', value: 'gpt2' });
  metadata.set('tokenizer.ggml.pre', { type: 'string', value: 'gpt-2' });
  metadata.set('tokenizer.ggml.tokens', { type: 'strings', value: tokens });
  metadata.set('tokenizer.ggml.token_type', { type: 'i32s', value: types });
  metadata.set('tokenizer.ggml.merges', { type: 'strings', value: MERGES });
  metadata.set('tokenizer.ggml.add_bos_token', { type: 'bool', value: false });
  return metadata;
}

export class Weights {
  readonly tensors: Tensor[] = [];
  private readonly random: () => number;
  constructor(seed: number) {
    this.random = seededRandom(seed);
  }
  add(name: string, shape: readonly number[], scale: number, mean = 0): void {
    const size = shape.reduce((product, length) => product * length, 1);
    const data = Float32Array.from({ length: size }, () => mean + scale * normal(this.random));
    this.tensors.push({ name, shape, data });
  }
}

export function baseModel(
  architecture: string,
  withFim: boolean,
  numbers: Record<string, number>,
): TinyModel {
  const metadata = new Map<string, MetadataValue>([
    ['general.architecture', { type: 'string', value: architecture }],
    ...vocabulary(withFim),
  ]);
  const shared = { context_length: 512, embedding_length: EMBEDDING, block_count: LAYERS };
  for (const [key, value] of Object.entries({ ...shared, ...numbers })) {
    metadata.set(`${architecture}.${key}`, { type: 'u32', value });
  }
  metadata.set(`${architecture}.attention.layer_norm_rms_epsilon`, { type: 'f32', value: 1e-5 });
  return { metadata, tensors: [] };
}

export function vocabularySize(model: TinyModel): number {
  const tokens = model.metadata.get('tokenizer.ggml.tokens');
  return tokens?.type === 'strings' ? tokens.value.length : 0;
}

/** A llama-shaped model of about 60,000 parameters. */
export function tinyLlama(
  options: { withFim?: boolean; seed?: number; layers?: number } = {},
): TinyModel {
  const layers = options.layers ?? LAYERS;
  const model = baseModel('llama', options.withFim ?? true, {
    block_count: layers,
    feed_forward_length: FEED_FORWARD,
    'attention.head_count': HEADS,
    'attention.head_count_kv': HEADS,
    'rope.dimension_count': EMBEDDING / HEADS,
  });
  const weights = new Weights(options.seed ?? 1);
  weights.add('token_embd.weight', [EMBEDDING, vocabularySize(model)], 1);
  weights.add('output_norm.weight', [EMBEDDING], 0.1, 1);
  for (let layer = 0; layer < layers; layer += 1) {
    const block = `blk.${layer}.`;
    weights.add(`${block}attn_norm.weight`, [EMBEDDING], 0.1, 1);
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) {
      weights.add(`${block}${name}.weight`, [EMBEDDING, EMBEDDING], 0.3);
    }
    weights.add(`${block}ffn_norm.weight`, [EMBEDDING], 0.1, 1);
    weights.add(`${block}ffn_gate.weight`, [EMBEDDING, FEED_FORWARD], 0.3);
    weights.add(`${block}ffn_up.weight`, [EMBEDDING, FEED_FORWARD], 0.3);
    weights.add(`${block}ffn_down.weight`, [FEED_FORWARD, EMBEDDING], 0.3);
  }
  return { ...model, tensors: weights.tensors };
}

/** A Mamba model: recurrent memory, which cannot drop the end of a sequence. */
export function tinyMamba(): TinyModel {
  const inner = 2 * EMBEDDING;
  const state = 16;
  const rank = 2;
  const model = baseModel('mamba', true, {
    'ssm.conv_kernel': 4,
    'ssm.inner_size': inner,
    'ssm.state_size': state,
    'ssm.time_step_rank': rank,
  });
  const weights = new Weights(2);
  weights.add('token_embd.weight', [EMBEDDING, vocabularySize(model)], 1);
  weights.add('output_norm.weight', [EMBEDDING], 0.1, 1);
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const block = `blk.${layer}.`;
    weights.add(`${block}attn_norm.weight`, [EMBEDDING], 0.1, 1);
    weights.add(`${block}ssm_in.weight`, [EMBEDDING, 2 * inner], 0.2);
    weights.add(`${block}ssm_conv1d.weight`, [4, inner], 0.3);
    weights.add(`${block}ssm_conv1d.bias`, [inner], 0.1);
    weights.add(`${block}ssm_x.weight`, [inner, rank + 2 * state], 0.2);
    weights.add(`${block}ssm_dt.weight`, [rank, inner], 0.3);
    weights.add(`${block}ssm_dt.bias`, [inner], 0.1);
    weights.add(`${block}ssm_a`, [state, inner], 0.1, -1);
    weights.add(`${block}ssm_d`, [inner], 0.1, 1);
    weights.add(`${block}ssm_out.weight`, [inner, EMBEDDING], 0.2);
  }
  return { ...model, tensors: weights.tensors };
}

/** A copy whose metadata is changed: `undefined` removes a key. */
export function withMetadata(
  model: TinyModel,
  changes: Readonly<Record<string, MetadataValue | undefined>>,
): TinyModel {
  const metadata = new Map(model.metadata);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  return { ...model, metadata };
}

/** A copy under another architecture's name, with all keys renamed. */
export function withArchitecture(model: TinyModel, from: string, to: string): TinyModel {
  const metadata = new Map<string, MetadataValue>();
  for (const [key, value] of model.metadata) metadata.set(key.replace(`${from}.`, `${to}.`), value);
  metadata.set('general.architecture', { type: 'string', value: to });
  return { ...model, metadata };
}

export function toGguf(model: TinyModel): Buffer {
  return writeGguf(model.metadata, model.tensors);
}
