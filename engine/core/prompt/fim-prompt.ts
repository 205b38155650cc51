/**
 * Builds the token prompt of a completion from the text around the cursor.
 *
 *     fill-in-the-middle   <PRE> lines above <SUF> text below <MID> typed part of the line
 *     no such tokens       [BOS] lines above and typed part of the line
 *
 * The typed part of the cursor's line stands behind <MID>: typing on the same line then only appends
 * tokens, so the K/V cache of everything in front of it stays valid. With the typed part at the end
 * of the prefix every keystroke would re-evaluate the whole suffix (llama-server's /infill does).
 */

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

/** @param budget Most tokens the prompt may have. */
export function buildPrompt(
  vocabulary: PromptVocabulary,
  text: { readonly prefix: string; readonly suffix: string },
  budget: number,
): FimPrompt {
  const lineStart = text.prefix.lastIndexOf('\n') + 1;
  const line = text.prefix.slice(lineStart);
  const lead = /[ \t]*$/.exec(line)?.[0] ?? '';
  const typed = tokens(vocabulary, line.slice(0, line.length - lead.length));
  const above = tokens(vocabulary, text.prefix.slice(0, lineStart));
  const begin = vocabulary.beginOfText === null ? [] : [vocabulary.beginOfText];
  const { fim } = vocabulary;
  if (fim === null) {
    const whole = [...above, ...typed];
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
  const middle = typed.slice(Math.max(0, typed.length - room));
  const prefix = dropFront(above, room - middle.length);
  return {
    tokens: [...begin, fim.prefix, ...prefix, fim.suffix, ...suffix, fim.middle, ...middle],
    lead,
    inTextOrder: [...suffix, fim.prefix, ...prefix, ...middle],
    outside: [below.slice(suffix.length), cutOff(above, prefix)],
  };
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
