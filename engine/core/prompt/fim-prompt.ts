/**
 * Builds the token prompt of a completion from the text around the cursor.
 *
 *     fill-in-the-middle   <PRE> far lines above <SUF> text below <MID> near lines above, typed part
 *     no such tokens       [BOS] lines above and typed part of the line
 *
 * What stands behind <MID> is the typed part of the cursor's line and the 16 to 31 lines above it:
 * typing then only appends tokens, new lines included, so the K/V cache of everything in front stays
 * valid until the next sixteenth line. With the typed part at the end of the prefix every keystroke
 * would re-evaluate the whole suffix (llama-server's /infill does), with the lines above there every
 * new line. And what is to be continued stands next to its continuation, as in the SPM order that FIM
 * models are trained on beside PSM (Bavarian et al. 2022, arXiv:2207.14255, section 3): our own one
 * completes half as many lines again (models/README.md).
 */

import { at } from '../tree/at.ts';

export interface PromptVocabulary {
  readonly tokenize: (text: string) => ArrayLike<number>;
  /** Ids of the vocabulary's own FIM tokens; null unless it has all three. */
  readonly fim: {
    readonly prefix: number;
    readonly suffix: number;
    readonly middle: number;
  } | null;
  /** Set where the model wants it in front of every prompt. */
  readonly beginOfText: number | null;
}

export interface FimPrompt {
  readonly tokens: readonly number[];
  /** White space before the cursor that the model is left to spell: see token-choice.ts. */
  readonly lead: string;
  /**
   * The same text for n-gram lookup: from below the cursor, a boundary, then all that leads up to it, so
   * that lines go on in one another. Typing only appends to it, new lines included.
   */
  readonly inTextOrder: readonly number[];
  /** Tokens of the text that found no room: below, then above. */
  readonly outside: readonly (readonly number[])[];
}

/** Share of the budget for the text before the cursor; the suffix gets the rest. */
const PREFIX_SHARE = 3 / 4;

/**
 * Text over the budget is dropped in pieces of so many tokens: a start that moved with every
 * keystroke would shift every token and void the K/V cache.
 */
const DROP_STEP_TOKENS = 256;

/** Lines above the cursor's that stand behind <MID> at least, where there are so many. */
const NEAR_LINES = 16;

/** Share of the room before the cursor that they may take; where they take more, they are fewer. */
const NEAR_SHARE = 2 / 3;

/** @param budget Most tokens the prompt may have. */
export function buildPrompt(
  vocabulary: PromptVocabulary,
  text: { readonly prefix: string; readonly suffix: string },
  budget: number,
): FimPrompt {
  const lead = /[ \t]*$/.exec(text.prefix)?.[0] ?? '';
  const before = text.prefix.slice(0, text.prefix.length - lead.length);
  const begin = vocabulary.beginOfText === null ? [] : [vocabulary.beginOfText];
  const { fim } = vocabulary;
  if (fim === null) {
    const whole = tokensByLine(vocabulary, before);
    const kept = dropFront(whole, budget - begin.length);
    return {
      tokens: [...begin, ...kept],
      lead,
      inTextOrder: kept,
      outside: [cutOff(whole, kept)],
    };
  }
  const free = Math.max(0, budget - begin.length - 3);
  const below = tokens(vocabulary, text.suffix);
  const suffix = below.slice(0, Math.floor(free * (1 - PREFIX_SHARE)));
  const room = free - suffix.length;
  const { seam, near } = splitNear(vocabulary, before, room * NEAR_SHARE);
  const above = tokens(vocabulary, before.slice(0, seam));
  const middle = near.slice(Math.max(0, near.length - room));
  const prefix = dropFront(above, room - middle.length);
  return {
    tokens: [...begin, fim.prefix, ...prefix, fim.suffix, ...suffix, fim.middle, ...middle],
    lead,
    inTextOrder: [...suffix, fim.prefix, ...prefix, ...middle],
    outside: [below.slice(suffix.length), cutOff(above, prefix)],
  };
}

/** Where the part behind <MID> begins, and its tokens. */
function splitNear(
  vocabulary: PromptVocabulary,
  before: string,
  mostTokens: number,
): { readonly seam: number; readonly near: readonly number[] } {
  for (let lines = NEAR_LINES; ; lines = Math.floor(lines / 2)) {
    const seam = seamOf(before, lines);
    const near = tokensByLine(vocabulary, before.slice(seam));
    if (lines === 0 || near.length <= mostTokens) return { seam, near };
  }
}

/** Offset of the last line on a grid of `lines` lines that has as many between it and the last one. */
function seamOf(before: string, lines: number): number {
  if (lines === 0) return before.lastIndexOf('\n') + 1;
  const starts = [0];
  for (let end = before.indexOf('\n'); end >= 0; end = before.indexOf('\n', end + 1)) {
    starts.push(end + 1);
  }
  const above = starts.length - 1;
  return at(starts, Math.floor(Math.max(0, above - lines) / lines) * lines);
}

/** The last line apart: while it is typed, the tokens of the lines above it need not be found again. */
function tokensByLine(vocabulary: PromptVocabulary, text: string): readonly number[] {
  const lineStart = text.lastIndexOf('\n') + 1;
  const above = tokens(vocabulary, text.slice(0, lineStart));
  return [...above, ...tokens(vocabulary, text.slice(lineStart))];
}

function tokens(vocabulary: PromptVocabulary, text: string): readonly number[] {
  return text === '' ? [] : Array.from(vocabulary.tokenize(text));
}

function dropFront(all: readonly number[], room: number): readonly number[] {
  const excess = all.length - room;
  if (excess <= 0) return all;
  return all.slice(Math.ceil(excess / DROP_STEP_TOKENS) * DROP_STEP_TOKENS);
}

/** @param kept The end of `all`. */
function cutOff(all: readonly number[], kept: readonly number[]): readonly number[] {
  return all.slice(0, all.length - kept.length);
}
