/**
 * Whether the engine works on the device at all: load, offload of every layer, K/V that is kept and
 * cut, cancelling between decodes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { topMargin, type TokenRow } from '../../../engine/core/decode/decoder.ts';
import type { NativeContext, NativeModel } from '../../../engine/native/addon.d.ts';
import { NativeDecoder } from '../../../engine/native/native-decoder.ts';
import { contextOptions, whereMeasured, type OpenDevice } from '../lib/device.ts';
import { compareRows } from '../lib/trees.ts';

const NEVER = (): boolean => false;

/** Long enough that a cancel meets it at work. */
const PROMPT_TOKENS = 768;

export async function checkModel(device: OpenDevice, path: string) {
  const logged = device.log.length;
  const started = performance.now();
  const model = await device.load(path);
  const loadMs = performance.now() - started;
  try {
    const context = await model.createContext(contextOptions());
    const decoder = new NativeDecoder(context);
    return {
      where: whereMeasured(device),
      loadMs,
      offload: offloadOf(device.log.slice(logged)),
      memory: { model: model.info.sizeBytes, context: context.memoryBytes },
      cache: await checkCache(model, decoder),
      cancel: await checkCancel(model, context, decoder),
    };
  } finally {
    await model.dispose();
  }
}

/** llama.cpp tells in its log what went where. */
export function offloadOf(log: readonly string[]) {
  const text = log.join('\n');
  const layers = /offloaded (\d+)\/(\d+) layers/.exec(text);
  const buffers = text.matchAll(/(\S+) +(\S* ?buffer size) += +([\d.]+ \S+)/g);
  return {
    layers: layers === null ? null : `${layers[1] ?? ''}/${layers[2] ?? ''}`,
    all: layers !== null && layers[1] === layers[2],
    buffers: [...buffers].map(
      ([, device, kind, size]) => `${device ?? ''} ${kind ?? ''} ${size ?? ''}`,
    ),
  };
}

/** Going back and on again has to give the same row as coming there for the first time. */
async function checkCache(model: NativeModel, decoder: NativeDecoder) {
  const prompt = promptOf(model, 200);
  const first = await prefilled(decoder, prompt);
  decoder.truncate(150);
  const again = await prefilled(decoder, prompt);
  decoder.truncate(0);
  const fresh = await prefilled(decoder, prompt);
  return {
    reused: again.reused,
    afterGoingBack: compareRows(again.row, first.row),
    fromAnEmptyCache: compareRows(fresh.row, first.row),
  };
}

/** Cancelled at several moments, the cache holds what it says, and what follows is as without. */
async function checkCancel(model: NativeModel, context: NativeContext, decoder: NativeDecoder) {
  decoder.truncate(0);
  const prompt = promptOf(model, PROMPT_TOKENS);
  const started = performance.now();
  const expected = await prefilled(decoder, prompt);
  const uncancelledMs = performance.now() - started;
  const attempts = [];
  for (const share of [0.1, 0.3, 0.6]) {
    decoder.truncate(0);
    let cancelled = false;
    const running = decoder.prefill(prompt, () => cancelled);
    await sleep(share * uncancelledMs);
    cancelled = true;
    const cancelledAt = performance.now();
    context.cancel();
    const ended = await running;
    const answeredAfterMs = performance.now() - cancelledAt;
    const kept = decoder.length;
    const consistent = context.sequenceLength(0) === kept;
    const after = await prefilled(decoder, prompt);
    attempts.push({
      afterMs: share * uncancelledMs,
      cancelled: ended === null,
      answeredAfterMs,
      kept,
      consistent,
      resumed: compareRows(after.row, expected.row),
    });
  }
  return { promptTokens: PROMPT_TOKENS, uncancelledMs, margin: topMargin(expected.row), attempts };
}

async function prefilled(
  decoder: NativeDecoder,
  prompt: readonly number[],
): Promise<{ readonly row: TokenRow; readonly reused: number }> {
  const result = await decoder.prefill(prompt, NEVER);
  if (result === null) throw new Error('A prefill that nobody cancelled was cancelled.');
  return result;
}

/** Repeating text: what it says does not matter here. */
export function promptOf(model: NativeModel, length: number): readonly number[] {
  const text = 'def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(n - 1)\n';
  const tokens = [...model.tokenize(text)];
  return Array.from({ length }, (_, index) => tokens[index % tokens.length] ?? 0);
}
