/** Completions that are worse than none. */
import { isBlank, lastLine, nonBlankLines } from './lines.ts';
import type { FittedText } from './postprocess-line.ts';
import { lineAbove } from './postprocess-space.ts';
import type { RejectReason } from './reasons.ts';
import { equalLines, isTelling } from './similar-lines.ts';

/** A pattern of at most so many tokens ... */
export const PATTERN_TOKENS = 10;
/** ... that fills the last so many tokens is a loop, ... */
export const REPETITION_TOKENS = 30;
/** ... and so is one with a name in it that comes so often: of numbers, people write rows like that. */
export const REPETITIONS_OF_NAMES = 8;
/** Shorter text may by chance be what stands before the cursor. */
const ECHO_CHARS = 12;
/** Likewise for the typed part of the line. */
const ECHO_LINE_CHARS = 6;

/** A word, or a run of one kind of punctuation: like a model's tokens, whatever the model. */
const TOKEN = /[\p{L}\p{N}\p{M}_]+|([^\p{L}\p{N}\p{M}_\s])\1*/gu;

export function rejection(
  { text, replaceLength }: FittedText,
  { prefix, suffix }: { readonly prefix: string; readonly suffix: string },
): RejectReason | null {
  if (isBlank(text)) return 'empty';
  const replaced = suffix.slice(0, replaceLength);
  if (text === replaced) return 'already-in-document';
  if (visibleChars(text) - visibleChars(replaced) === 1) return 'single-character';
  if (rewritesLineAbove(text, prefix)) return 'rewrites-line-above';
  if (echoesPrompt(text, prefix)) return 'echoes-prompt';
  return isRepetitive(text) ? 'repetitive' : null;
}

function visibleChars(text: string): number {
  return Array.from(text.replace(/\s+/g, '')).length;
}

function rewritesLineAbove(text: string, prefix: string): boolean {
  const above = lineAbove(prefix);
  const line = nonBlankLines(lastLine(prefix) + text, 1)[0] ?? '';
  const isFirst = !isBlank(text.slice(0, (text + '\n').indexOf('\n')));
  return isFirst && isTelling(line) && equalLines(line, above);
}

/** Whether the text is what stands before the cursor, or begins the cursor's line anew. */
function echoesPrompt(text: string, prefix: string): boolean {
  const said = text.trim();
  if (said.length >= ECHO_CHARS && prefix.trimEnd().endsWith(said)) return true;
  const typed = lastLine(prefix).trim();
  return typed.length >= ECHO_LINE_CHARS && isTelling(typed) && said.startsWith(typed);
}

export function isRepetitive(text: string): boolean {
  const tokens = text.match(TOKEN) ?? [];
  for (let period = 1; period <= PATTERN_TOKENS; period++) {
    const hasName = tokens.slice(-period).some((token) => /\p{L}/u.test(token));
    const repeated = hasName ? REPETITIONS_OF_NAMES * period : Infinity;
    const length = Math.min(REPETITION_TOKENS, repeated);
    const end = tokens.slice(-length);
    if (end.length < length) continue;
    if (end.every((token, i) => i < period || token === end[i - period])) return true;
  }
  return false;
}
