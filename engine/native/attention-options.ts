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
