import type {
  CompletedCompletion,
  CompletionTiming,
  DeviceInfo,
  LoadedModel,
} from '../engine/protocol.ts';

/** Figures as the user reads them: short, and the same everywhere. */

export function latencyText(ms: number): string;
export function latencyText(ms: number | undefined): string | undefined;
export function latencyText(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  if (ms >= 9950) return `${Math.round(ms / 1000)} s`;
  if (ms >= 995) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 0.95 ? '<1 ms' : `${Math.round(ms)} ms`;
}

export function speedText(tokensPerSecond: number): string {
  return `${tokensPerSecond < 10 ? tokensPerSecond.toFixed(1) : Math.round(tokensPerSecond)} tok/s`;
}

/** "84 ms, 61 tok/s"; without a speed where the engine was not asked. */
export function completionFigures(totalMs: number, timing: CompletionTiming | undefined): string {
  const latency = latencyText(totalMs);
  const measured = timing !== undefined && timing.tokens > 0 && timing.tokensPerSecond > 0;
  return measured ? `${latency}, ${speedText(timing.tokensPerSecond)}` : latency;
}

/** "ngram, because auto uses ngram: plain decoding takes 0.43 ms a token, ngram 0.30". */
export function modeText({
  mode,
  modeReason,
}: Pick<CompletedCompletion, 'mode' | 'modeReason'>): string {
  if (modeReason === null) return mode;
  // Some reasons are sentences of their own.
  return `${mode}, because ${modeReason.charAt(0).toLowerCase()}${modeReason.slice(1)}`;
}

export function modelText({ name, parameterCount, contextLength }: LoadedModel): string {
  return `${name}, ${countText(parameterCount)} parameters, context ${contextLength}`;
}

export function deviceText({ backend, name, memoryBytes, threads }: DeviceInfo): string {
  const gib = memoryBytes / 2 ** 30;
  const memory = memoryBytes > 0 ? `, ${gib < 10 ? gib.toFixed(1) : Math.round(gib)} GiB` : '';
  return `${backend}: ${name}${memory}${backend === 'cpu' ? `, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : ''}`;
}

function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return String(count);
}
