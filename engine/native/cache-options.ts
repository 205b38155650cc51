import type { ContextOptions } from './addon.d.ts';

/**
 * How a context keeps and computes attention; plain decoding and every other mode alike.
 *
 * On an x86 CPU attention over F16 keys costs nearly as much as all weights of a small model together at
 * some hundred tokens. Over Q8_0 keys, which llama.cpp rotates so that they lose little, a pass costs up
 * to 25 % less, and a row alone in its batch differs from one among others a third as often in what
 * it predicts (docs/PERFORMANCE.md). Flash attention is slower on a CPU, and differs more.
 */
export function attentionOptions(
  gpu: boolean,
  architecture: string = process.arch,
): Pick<ContextOptions, 'flashAttention' | 'keyType'> {
  return { flashAttention: gpu, keyType: gpu || architecture !== 'x64' ? 'f16' : 'q8_0' };
}

/** A pass over larger weights takes so long that 0.05 ms are under one per cent of it. */
const SMALL_MODEL_BYTES = 64e6;

/**
 * Whether a context begins with one sequence (see `ContextOptions.beginWithOne`): on a CPU a small model
 * mostly decodes chains, and the 0.05 ms are a tenth of its step. A GPU uses trees from the start.
 */
export function sequenceOptions(
  gpu: boolean,
  modelBytes: number,
): Pick<ContextOptions, 'beginWithOne'> {
  return { beginWithOne: !gpu && modelBytes <= SMALL_MODEL_BYTES };
}
