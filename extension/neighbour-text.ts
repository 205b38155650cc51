import { LINE_LIMIT_CHARS, looksBinary } from '../engine/core/completion/gates.ts';
import { chooseWindow } from '../engine/core/prompt/context-window.ts';
import type { NeighbourText } from '../engine/protocol.ts';
import { toLf } from './snapshot.ts';

/** Files that n-gram chains may come from, and what is taken of each around its cursor. */
export const MOST_NEIGHBOURS = 8;
const BUDGET = { prefixChars: 16_000, suffixChars: 16_000 } as const;

/** An open document, as far as it is read. */
export interface OpenDocument {
  /** As the model is told it. */
  readonly path: string;
  readonly languageId: string;
  readonly lineCount: number;
  /** Where the cursor is, or was last. */
  readonly cursorLine: number;
  lineLength(line: number): number;
  /** Lines `start` to `end - 1`. */
  textOf(start: number, end: number): string;
}

/**
 * Of these documents those that are taken: of the language of the first one before others, otherwise
 * as they come, the most recently used first.
 *
 * @param mayRead Whether the user's settings let it be read.
 */
export function chooseNeighbours<T extends { readonly languageId: string }>(
  documents: readonly T[],
  mayRead: (document: T) => boolean,
): readonly T[] {
  const language = documents[0]?.languageId;
  const readable = documents.filter(mayRead);
  const same = readable.filter(({ languageId }) => languageId === language);
  const other = readable.filter(({ languageId }) => languageId !== language);
  return [...same, ...other].slice(0, MOST_NEIGHBOURS);
}

/** Null where there is nothing to learn from. Never reads more than the text it gives. */
export function neighbourText(document: OpenDocument): NeighbourText | null {
  const { path, languageId, lineCount } = document;
  const cursorLine = Math.min(document.cursorLine, lineCount - 1);
  if (document.lineLength(cursorLine) > LINE_LIMIT_CHARS) return null;
  const { start, end } = chooseWindow(document, cursorLine, BUDGET);
  const text = toLf(document.textOf(start, end));
  return text.trim() === '' || looksBinary(text) ? null : { path, languageId, text };
}
