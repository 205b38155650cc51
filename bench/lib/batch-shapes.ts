import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NativeModel } from '../../engine/native/addon.d.ts';

export const KEY_TYPES = ['f16', 'q8_0'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

const TEXTS = [
  'engine/session.ts',
  'engine/protocol.ts',
  'extension/main.ts',
  'scripts/build-native.mjs',
  'native/src/decoder.cpp',
  'native/src/gguf-check.cpp',
  'training/train.py',
  'training/model.py',
  'docs/ARCHITECTURE.md',
  'package.json',
];
const TOKENS = 400;

/** Tokens evaluated at once where a prompt is, and where steps of decoding are. */
const PROMPT = 128;
const STEPS = [1, 2, 8] as const;

/** Predictions for the same text, evaluated in batches of one length and of another. */
export interface BatchShapeRow {
  readonly keyType: KeyType;
  readonly lengths: readonly [number, number];
  readonly rows: number;
  /** Rows whose logits are not the same to the bit. */
  readonly differing: number;
  readonly largestDifference: number;
  /** Rows whose first choice is another token. */
  readonly otherChoice: number;
}

/** How much the shape of a batch changes, by the type of the keys in the cache. */
export async function compareBatchShapes(
  model: NativeModel,
  root: string,
): Promise<readonly BatchShapeRow[]> {
  const texts = TEXTS.map((file) => readFileSync(path.join(root, file), 'utf8').slice(500, 4000));
  const found: BatchShapeRow[] = [];
  for (const keyType of KEY_TYPES) {
    for (const length of STEPS) {
      const pairs: (readonly [Float32Array, Float32Array])[] = [];
      for (const text of texts) {
        const tokens = model.tokenize(text).subarray(0, TOKENS);
        const expected = await logitsOf(model, tokens, keyType, PROMPT);
        const logits = await logitsOf(model, tokens, keyType, length);
        pairs.push(...logits.map((row, index) => [row, expected[index] ?? row] as const));
      }
      found.push({ keyType, lengths: [length, PROMPT], ...compare(pairs) });
    }
  }
  return found;
}

/** Logits of each token, evaluated in batches of a length. */
async function logitsOf(
  model: NativeModel,
  tokens: Int32Array,
  keyType: KeyType,
  length: number,
): Promise<readonly Float32Array[]> {
  const context = await model.createContext({
    contextLength: TOKENS,
    batchSize: PROMPT,
    threads: 1,
    batchThreads: 1,
    sequences: 1,
    flashAttention: false,
    keyType,
  });
  const logits: Float32Array[] = [];
  for (let position = 0; position < tokens.length; position += length) {
    const batch = tokens.slice(position, position + length);
    await context.decode({ tokens: batch, sequence: 0, position, outputs: batch.length, topK: 1 });
    for (const row of batch.keys()) logits.push(context.debugLogits(row));
  }
  await context.dispose();
  return logits;
}

function compare(pairs: readonly (readonly [Float32Array, Float32Array])[]) {
  const differences = pairs.map(([left, right]) =>
    left.reduce((largest, logit, id) => Math.max(largest, Math.abs(logit - (right[id] ?? 0))), 0),
  );
  return {
    rows: pairs.length,
    differing: differences.filter((difference) => difference > 0).length,
    largestDifference: Math.max(...differences),
    otherChoice: pairs.filter(([left, right]) => firstChoice(left) !== firstChoice(right)).length,
  };
}

function firstChoice(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}
