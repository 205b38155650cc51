import type { Llama } from 'node-llama-cpp';
import { ruleOfThumbBytes } from './recommend.ts';

export interface MemoryEstimate {
  readonly bytes: number;
  readonly basis: 'file-header' | 'rule-of-thumb';
}

/** What the estimate is for: the default configuration. */
const CONTEXT_TOKENS = 4096;
const BATCH_TOKENS = 256;

const known = new Map<string, Promise<MemoryEstimate>>();

/**
 * node-llama-cpp's estimate from the header of a GGUF file. It reads tensor shapes, not tensors, and
 * needs no GPU; kept per file, because reading a large vocabulary takes a while.
 *
 * @param llama The one that this process has: without it node-llama-cpp would open another one, and
 * with it perhaps another directory of libraries.
 */
export function estimateMemory(
  file: string,
  sizeBytes: number,
  llama: Llama,
): Promise<MemoryEstimate> {
  const key = `${sizeBytes} ${file}`;
  const estimate = known.get(key) ?? fromHeader(file, llama).catch(() => byRuleOfThumb(sizeBytes));
  known.set(key, estimate);
  return estimate;
}

export function byRuleOfThumb(sizeBytes: number): MemoryEstimate {
  return { bytes: ruleOfThumbBytes(sizeBytes), basis: 'rule-of-thumb' };
}

async function fromHeader(file: string, llama: Llama): Promise<MemoryEstimate> {
  const { GgufInsights, readGgufFileInfo } = await import('node-llama-cpp');
  const insights = await GgufInsights.from(
    await readGgufFileInfo(file, { sourceType: 'filesystem', logWarnings: false }),
    llama,
  );
  const weights = await insights.estimateModelResourceRequirementsV2({ gpuLayers: 0 });
  const context = await insights.estimateContextResourceRequirementsV2({
    contextSize: Math.min(CONTEXT_TOKENS, insights.trainContextSize ?? CONTEXT_TOKENS),
    batchSize: BATCH_TOKENS,
    modelGpuLayers: 0,
  });
  return { bytes: Math.round(weights.cpuRam + context.cpuRam), basis: 'file-header' };
}
