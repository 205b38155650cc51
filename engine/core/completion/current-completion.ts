/**
 * Typing-as-suggested: while the user types what the suggestion says, the suggestion on screen is
 * the answer and the engine need not be asked. Always computed from the suggestion as first shown,
 * so that backspacing within what was typed brings its text back.
 */
import { fitRest } from './fit-rest.ts';
import { afterFirstLine, firstLine, lastLine } from './lines.ts';

/** A suggestion as it was when first shown. */
export interface ShownCompletion {
  readonly uri: string;
  /** Where it was shown: characters of the document before the cursor. */
  readonly anchorOffset: number;
  /** Text before the anchor; any window of it, compared as far as the later window goes. */
  readonly prefix: string;
  /** Text after the anchor: the rest of its line whole, then likewise. */
  readonly suffix: string;
  readonly languageId: string;
  readonly text: string;
  /** Characters after the anchor that the text replaces. */
  readonly replaceLength: number;
}

/** The document now, around the cursor. */
export interface TypedState {
  readonly uri: string;
  readonly cursorOffset: number;
  readonly prefix: string;
  readonly suffix: string;
}

export interface RemainingCompletion {
  /** Never empty. */
  readonly text: string;
  /** Characters after the cursor that the text replaces. */
  readonly replaceLength: number;
}

/** Brackets and quotes that editors close by themselves. */
const AUTO_CLOSED = /^[)\]}>"'`]+$/;

/**
 * What is left of the suggestion, or null where the user typed something else, typed all of it,
 * moved away or changed the text around. Closers that the editor added to a typed opener are no
 * divergence: what is left replaces those it brings itself.
 */
export function remainingCompletion(
  shown: ShownCompletion,
  now: TypedState,
): RemainingCompletion | null {
  const typedLength = now.cursorOffset - shown.anchorOffset;
  if (now.uri !== shown.uri || typedLength < 0 || typedLength > now.prefix.length) return null;
  const anchor = now.prefix.length - typedLength;
  const typed = now.prefix.slice(anchor);
  if (typedLength >= shown.text.length || !shown.text.startsWith(typed)) return null;
  if (!sameEnd(now.prefix.slice(0, anchor), shown.prefix)) return null;
  const added = addedClosers(shown, now, typed);
  if (added === null) return null;
  const text = shown.text.slice(typedLength);
  if (added === '') return { text, replaceLength: shown.replaceLength };
  return besideClosers(shown, now, text, added);
}

/** The shorter of two windows on the same text is the end of the longer. */
function sameEnd(a: string, b: string): boolean {
  return a.length < b.length ? b.endsWith(a) : a.endsWith(b);
}

/** What the editor has put after the cursor since; null when the text there changed otherwise. */
function addedClosers(shown: ShownCompletion, now: TypedState, typed: string): string | null {
  if (!sameStart(afterFirstLine(now.suffix), afterFirstLine(shown.suffix))) return null;
  const [rest, shownRest] = [firstLine(now.suffix), firstLine(shown.suffix)];
  const added = rest.slice(0, Math.max(0, rest.length - shownRest.length));
  if (added + shownRest !== rest) return null;
  const plausible = added === '' || (AUTO_CLOSED.test(added) && added.length <= typed.length);
  return plausible ? added : null;
}

function sameStart(a: string, b: string): boolean {
  return a.length < b.length ? b.startsWith(a) : a.startsWith(b);
}

/** The replaced characters begin at the cursor: all added closers must be among them, or none. */
function besideClosers(
  shown: ShownCompletion,
  now: TypedState,
  text: string,
  added: string,
): RemainingCompletion | null {
  const rest = now.suffix.slice(0, added.length + shown.replaceLength);
  const line = { linePrefix: lastLine(now.prefix), rest, languageId: shown.languageId };
  const { replaceLength } = fitRest(line, text);
  if (shown.replaceLength > 0 && replaceLength < rest.length) return null;
  return { text, replaceLength };
}
