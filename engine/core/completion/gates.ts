/**
 * Whether to ask for a completion at all. Soft gates keep an automatic completion from getting in
 * the way and yield to a manual trigger; hard gates hold for both.
 */
import type { GateReason } from './reasons.ts';

/** Longer documents are not read at all. */
export const DOCUMENT_LIMIT_CHARS = 20_000_000;
/** Minified and generated lines. */
export const LINE_LIMIT_CHARS = 10_000;
/** Share of U+FFFD (undecodable bytes) above which text counts as binary. */
export const REPLACEMENT_CHARACTER_SHARE = 0.01;

export interface GateInput {
  readonly trigger: 'automatic' | 'manual';
  /** The cursor's line up to the cursor. */
  readonly linePrefix: string;
  /** The cursor's line from the cursor on, without its line end. */
  readonly lineSuffix: string;
  /** Whether the cursor's line is the document's last. */
  readonly isLastLine: boolean;
  readonly documentLengthChars: number;
  /** Of the text around the cursor: see `looksBinary`. */
  readonly isBinaryLike: boolean;
  readonly selectionCount: number;
  /** Whether the (only) selection is a mere cursor. */
  readonly selectionIsEmpty: boolean;
  readonly enabled: boolean;
  readonly languageEnabled: boolean;
  readonly multilineEnabled: boolean;
  /** A completion of one line was accepted and the cursor is still at its end. */
  readonly justAccepted: boolean;
  /** Text of the item selected in the suggest widget. */
  readonly selectedSuggestion: string | null;
}

export type GateOutcome =
  | { readonly kind: 'proceed'; readonly multiline: boolean }
  | { readonly kind: 'skip'; readonly reason: GateReason };

/** Closing brackets, quotes, closing tags and the ends of comments. */
const CLOSERS = String.raw`(?:[)\]}>"'\x60\s]|</[\w.:-]*>|\*/|-->|/>|[%?]>)*`;
/** Closers, with at most one of `:{;,` among them. */
const HARMLESS_REST = new RegExp(`^${CLOSERS}[:{;,]?${CLOSERS}$`);
const WORD_START = /^[\p{L}\p{N}\p{M}_]/u;
const CLOSED_STATEMENT = /[);\]}]$/;

/** Decides from plain data; the reasons are in the order of precedence, hard ones first. */
export function checkGates(input: GateInput): GateOutcome {
  const reason = hardGate(input) ?? (input.trigger === 'manual' ? null : softGate(input));
  if (reason !== null) return { kind: 'skip', reason };
  return {
    kind: 'proceed',
    multiline: input.multilineEnabled && HARMLESS_REST.test(input.lineSuffix),
  };
}

function hardGate(input: GateInput): GateReason | null {
  if (!input.enabled) return 'disabled';
  if (!input.languageEnabled) return 'language-disabled';
  if (input.selectionCount > 1) return 'multiple-cursors';
  if (!input.selectionIsEmpty) return 'selection';
  if (input.documentLengthChars > DOCUMENT_LIMIT_CHARS) return 'document-too-long';
  if (input.linePrefix.length + input.lineSuffix.length > LINE_LIMIT_CHARS) return 'line-too-long';
  return input.isBinaryLike ? 'binary-text' : null;
}

function softGate(input: GateInput): GateReason | null {
  const { linePrefix, lineSuffix } = input;
  if (WORD_START.test(lineSuffix)) return 'inside-word';
  if (!HARMLESS_REST.test(lineSuffix)) return 'text-after-cursor';
  if (input.isLastLine && linePrefix === '' && lineSuffix.trim() === '') return 'empty-last-line';
  // A selected suggestion is a new word: what stands before the cursor is not the end.
  if (input.selectedSuggestion !== null) return null;
  if (input.justAccepted) return 'just-accepted';
  return CLOSED_STATEMENT.test(linePrefix) ? 'after-closed-statement' : null;
}

/** Whether text, e.g. the window around the cursor, has a NUL or many undecodable characters. */
export function looksBinary(text: string): boolean {
  if (text.includes('\0')) return true;
  const undecodable = text.length - text.replaceAll('\uFFFD', '').length;
  return undecodable > text.length * REPLACEMENT_CHARACTER_SHARE;
}
