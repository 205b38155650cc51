/**
 * How much of the rest of the cursor's line a completion brings itself. Closers that the editor put
 * behind the cursor are matched by balance, not by their looks:
 *
 *     foo(|)    + 'a, b)'      replaces ')'     foo(a, b)
 *     foo(|)    + 'bar()'      replaces nothing foo(bar())
 *     print("|") + 'hi")'      replaces '")'    print("hi")
 */
import { BracketScanner } from './bracket-scanner.ts';
import { syntaxOf } from './syntax.ts';

export interface RestInput {
  /** The cursor's line up to the cursor. */
  readonly linePrefix: string;
  /** The cursor's line from the cursor on. */
  readonly rest: string;
  /** The completion, or a part of it that ends with a line. */
  readonly text: string;
  readonly languageId: string;
}

export interface RestMatch {
  /** Characters of the rest, from its start, that the text brings itself. */
  readonly replaceLength: number;
  /** End, in the text, of the last of them. */
  readonly matchedEnd: number;
  /** First closer that neither the text nor the line before the cursor opened. */
  readonly firstUnopened: number | null;
  /** First bracket of the text that it leaves open. */
  readonly firstUnclosed: number | null;
}

export function matchRest({ linePrefix, rest, text, languageId }: RestInput): RestMatch {
  const scanner = new BracketScanner(syntaxOf(languageId)).feedAll(linePrefix);
  scanner.mark();
  let replaceLength = 0;
  let matchedEnd = 0;
  let firstUnopened: number | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const event = scanner.feed(char);
    if (event === 'unopened') firstUnopened ??= i;
    const next = skipSpaces(rest, replaceLength, char);
    const continues = replaceLength > 0 && matchedEnd === i && !isCloser(char);
    if (rest[next] !== char || !(event === 'closed-marked' || continues)) continue;
    replaceLength = next + 1;
    matchedEnd = i + 1;
  }
  const firstUnclosed = scanner.firstOpenSinceMark;
  return { replaceLength, matchedEnd, firstUnopened, firstUnclosed };
}

/** Closers count by balance only, also where the text before them matched. */
function isCloser(char: string): boolean {
  return ')]}'.includes(char);
}

function skipSpaces(rest: string, from: number, wanted: string): number {
  let index = from;
  while (wanted !== ' ' && rest[index] === ' ') index++;
  return index;
}
