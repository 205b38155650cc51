/** Tiny random models of the shapes that the prompt-token trainer knows. */
import type { TensorType } from './gguf-types.ts';
import { baseModel, vocabularySize, Weights, type TinyModel } from './tiny-models.ts';

export interface TrainableShape {
  readonly architecture: 'llama' | 'qwen2';
  readonly width?: number;
  readonly heads?: number;
  /** Fewer than `heads`: grouped-query attention. */
  readonly kvHeads?: number;
  /** Biases of query, key and value. */
  readonly biases?: boolean;
  /** A head of its own instead of the embedding matrix. */
  readonly untied?: boolean;
  /** Of the matrices. */
  readonly type?: TensorType;
  /** Llama 3's factors of the rotation frequencies. */
  readonly ropeFactors?: boolean;
}

/** Weights large enough that every part of the model shows in the logits. */
export function trainableModel(shape: TrainableShape): TinyModel {
  const { width = 32, heads = 4, kvHeads = heads, type = 'f32' } = shape;
  const inner = 2 * width;
  const layers = 2;
  const model = baseModel(shape.architecture, true, {
    embedding_length: width,
    block_count: layers,
    feed_forward_length: inner,
    'attention.head_count': heads,
    'attention.head_count_kv': kvHeads,
  });
  const weights = new Weights(7);
  const scale = 1.5 / Math.sqrt(width);
  const keys = (width / heads) * kvHeads;
  weights.add('token_embd.weight', [width, vocabularySize(model)], 0.6);
  if (shape.untied === true) weights.add('output.weight', [width, vocabularySize(model)], scale);
  weights.add('output_norm.weight', [width], 0.1, 1);
  if (shape.ropeFactors === true) weights.add('rope_freqs.weight', [width / heads / 2], 0.1, 1.5);
  for (let layer = 0; layer < layers; layer += 1) {
    const block = `blk.${layer}.`;
    weights.add(`${block}attn_norm.weight`, [width], 0.1, 1);
    weights.add(`${block}attn_q.weight`, [width, width], scale);
    weights.add(`${block}attn_k.weight`, [width, keys], scale);
    weights.add(`${block}attn_v.weight`, [width, keys], scale);
    weights.add(`${block}attn_output.weight`, [width, width], scale);
    if (shape.biases === true) {
      weights.add(`${block}attn_q.bias`, [width], 0.3);
      weights.add(`${block}attn_k.bias`, [keys], 0.3);
      weights.add(`${block}attn_v.bias`, [keys], 0.3);
    }
    weights.add(`${block}ffn_norm.weight`, [width], 0.1, 1);
    weights.add(`${block}ffn_gate.weight`, [width, inner], scale);
    weights.add(`${block}ffn_up.weight`, [width, inner], scale);
    weights.add(`${block}ffn_down.weight`, [inner, width], scale / 1.5);
  }
  const tensors = weights.tensors.map((tensor) =>
    tensor.shape.length === 2 ? { ...tensor, type } : tensor,
  );
  return { ...model, tensors };
}
