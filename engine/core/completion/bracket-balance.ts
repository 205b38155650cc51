/** Whether a line's brackets and quotes fit together. */
import { BracketScanner } from './bracket-scanner.ts';
import type { CursorLine } from './fit-rest.ts';
import { PROSE, syntaxOf, type Syntax } from './syntax.ts';

/** Of the rest of the line: what an editor or a user has just put there is short. */
const SCANNED_REST_CHARS = 200;

export interface Balance {
  /** Closers without an opener. */
  readonly unopened: number;
  /** Openers without a closer. */
  readonly unclosed: number;
  readonly openString: boolean;
  /** Whether a comment of the text swallows what follows on the line. */
  readonly commentedOut: boolean;
  /** The same for the bare characters, where the cursor is in a string or comment. */
  readonly bare: Balance | null;
}

/**
 * The balance of the cursor's line with `text` in it, by how much of the rest the text replaces. The
 * line up to the end of the text is read once.
 */
export function balancesOf(
  { linePrefix, rest, languageId }: CursorLine,
  text: string,
): (replaceLength: number) => Balance {
  const syntax = syntaxOf(languageId);
  const inCode = new BracketScanner(syntax).feedAll(linePrefix).inCode;
  const balance = balances(linePrefix + text, rest, syntax);
  const bare = inCode ? null : balances(linePrefix + text, rest, PROSE);
  return (replaceLength) => ({
    ...balance(replaceLength),
    bare: bare && { ...bare(replaceLength), bare: null },
  });
}

export function isWorse(balance: Balance, than: Balance): boolean {
  if (balance.unopened > than.unopened || balance.unclosed > than.unclosed) return true;
  if (balance.openString && !than.openString) return true;
  if (balance.commentedOut && !than.commentedOut) return true;
  return balance.bare !== null && than.bare !== null && isWorse(balance.bare, than.bare);
}

function balances(
  start: string,
  rest: string,
  syntax: Syntax,
): (replaceLength: number) => Omit<Balance, 'bare'> {
  const before = new BracketScanner(syntax);
  const unopenedBefore = feed(before, start);
  return (replaceLength) => {
    const scanner = before.copy();
    const end = rest.slice(replaceLength, SCANNED_REST_CHARS);
    const unopened = unopenedBefore + feed(scanner, end);
    const commentedOut = before.inLineComment && end.trim() !== '';
    return { unopened, unclosed: scanner.depth, openString: scanner.inString, commentedOut };
  };
}

/** Number of closers without an opener. */
function feed(scanner: BracketScanner, text: string): number {
  let unopened = 0;
  for (let i = 0; i < text.length; i++) {
    if (scanner.feed(text.charAt(i)) === 'unopened') unopened++;
  }
  return unopened;
}
