import assert from 'node:assert/strict';
import { argmax, type TokenRow } from '../../../engine/core/decode/decoder.ts';
import type { DecodingMode } from '../../../engine/core/decode/decoding-mode.ts';
import { layoutTree } from '../../../engine/core/tree/layout-tree.ts';
import type { ShippedModel } from './shipped-model.ts';
import { chain } from './trees.ts';

/** A prompt in the cache of the decoder. */
export interface Prefilled {
  readonly tokens: readonly number[];
  readonly languageId: string;
  /** The row after its last token. */
  readonly row: TokenRow;
}

export interface Continued {
  /** An end of generation is the last of them. */
  readonly tokens: readonly number[];
  /** `topMargin` at each of `tokens`. */
  readonly margins: readonly number[];
  readonly steps: number;
}

/** Evaluates a prompt from an empty cache. */
export async function prefill(
  { decoder }: ShippedModel,
  tokens: readonly number[],
  languageId: string,
): Promise<Prefilled> {
  decoder.truncate(0);
  const prefilled = await decoder.prefill(tokens, () => false);
  assert.ok(prefilled !== null);
  return { tokens, languageId, row: prefilled.row };
}

/** Continues a prompt as the session does it, by `count` tokens or to the end of the text. */
export async function continuePrompt(
  { model, decoder, decoding }: ShippedModel,
  prompt: Prefilled,
  mode: DecodingMode,
  count: number,
): Promise<Continued> {
  const isEnd = (token: number): boolean =>
    model.isEndOfGeneration(token) || model.isControl(token);
  const choice = decoding.choose(mode);
  if (typeof choice === 'string') throw new Error(`${mode}: ${choice}`);
  decoder.truncate(prompt.tokens.length - 1);
  decoding.prepare(choice, prompt.tokens, prompt.languageId);
  const strategy = decoding.strategy(choice, {
    prompt: prompt.tokens,
    tail: prompt.tokens.slice(-1),
    choose: argmax,
    isEnd,
    languageId: prompt.languageId,
    signal: new AbortController().signal,
  });
  const tokens: number[] = [];
  const margins: number[] = [];
  let steps = 0;
  for (let ended = false; !ended && tokens.length < count; steps += 1) {
    const step = await strategy.step(count - tokens.length);
    assert.ok(step.kind === 'accepted');
    tokens.push(...step.tokens);
    margins.push(...step.margins);
    ended = step.tokens.some(isEnd);
  }
  decoding.conclude(choice, prompt.languageId, tokens.length);
  return { tokens: tokens.slice(0, count), margins: margins.slice(0, count), steps };
}

/**
 * The same tokens evaluated again, in batches of other lengths.
 *
 * @returns How far each token is ahead of the best other one, in logits; below 0 where it is not.
 */
export async function leadsInBatches(
  { decoder }: ShippedModel,
  prompt: Prefilled,
  tokens: readonly number[],
  nextLength: () => number,
): Promise<readonly number[]> {
  decoder.truncate(prompt.tokens.length);
  const rows: TokenRow[] = [prompt.row];
  while (rows.length < tokens.length) {
    const start = rows.length - 1;
    const batch = tokens.slice(start, Math.min(start + nextLength(), tokens.length - 1));
    const result = await decoder.forward(layoutTree(chain(batch), { ensemble: 1 }));
    assert.ok(result !== null);
    decoder.keep([...batch.keys()]);
    rows.push(...result.nodes);
  }
  return tokens.map((token, index) => leadOf(token, rows[index]!));
}

function leadOf(token: number, { ids, logits }: TokenRow): number {
  const rank = ids.indexOf(token);
  return (logits[rank] ?? -Infinity) - logits[rank === 0 ? 1 : 0]!;
}
