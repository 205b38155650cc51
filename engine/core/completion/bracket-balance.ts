/** Whether a line's brackets and quotes fit together. */
import { BracketScanner } from './bracket-scanner.ts';
import type { CursorLine } from './fit-rest.ts';
import { PROSE, syntaxOf, type Syntax } from './syntax.ts';

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

/** The balance of the cursor's line with `text` in it, in place of the rest's first characters. */
export function balanceOf(
  { linePrefix, rest, languageId }: CursorLine,
  text: string,
  replaceLength: number,
): Balance {
  const syntax = syntaxOf(languageId);
  const inCode = new BracketScanner(syntax).feedAll(linePrefix).inCode;
  const parts = [linePrefix + text, rest.slice(replaceLength)] as const;
  return scan(parts, syntax, inCode ? null : scan(parts, PROSE, null));
}

export function isWorse(balance: Balance, than: Balance): boolean {
  if (balance.unopened > than.unopened || balance.unclosed > than.unclosed) return true;
  if (balance.openString && !than.openString) return true;
  if (balance.commentedOut && !than.commentedOut) return true;
  return balance.bare !== null && than.bare !== null && isWorse(balance.bare, than.bare);
}

function scan(
  [start, end]: readonly [string, string],
  syntax: Syntax,
  bare: Balance | null,
): Balance {
  const scanner = new BracketScanner(syntax);
  let unopened = 0;
  const feed = (char: string): void => {
    if (scanner.feed(char) === 'unopened') unopened++;
  };
  for (let i = 0; i < start.length; i++) feed(start.charAt(i));
  const commentedOut = scanner.inLineComment && end.trim() !== '';
  for (let i = 0; i < end.length; i++) feed(end.charAt(i));
  return { unopened, unclosed: scanner.depth, openString: scanner.inString, commentedOut, bare };
}
