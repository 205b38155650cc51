import type { ContextOptions } from './addon.d.ts';

/**
 * How a context keeps and computes attention; plain decoding and every other mode alike.
 *
 * On an x86 CPU attention over F16 keys and values costs as much as all weights together at some
 * hundred tokens. Q8_0 keys and BF16 values take 8 to 30 % off a pass there, whichever instruction
 * set the CPU has (docs/PERFORMANCE.md); llama.cpp rotates quantised keys so that they lose little. Flash attention
 * is slower on a CPU, and flips near ties between batch shapes.
 */
export function attentionOptions(
  gpu: boolean,
  architecture: string = process.arch,
): Pick<ContextOptions, 'flashAttention' | 'keyType' | 'valueType'> {
  if (gpu || architecture !== 'x64') return { flashAttention: gpu };
  return { flashAttention: false, keyType: 'q8_0', valueType: 'bf16' };
}
