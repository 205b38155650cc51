/**
 * How a completion goes together with the rest of the cursor's line: what of the rest it brings
 * itself and therefore replaces. Closers that the editor put behind the cursor are told by balance,
 * not by their looks:
 *
 *     foo(|)     + 'a, b)'   replaces ')'      foo(a, b)
 *     foo(|)     + 'bar()'   replaces nothing  foo(bar())
 *     print("|") + 'hi")'    replaces '")'     print("hi")
 *
 * Only characters that the text has too, in the same order, are replaced: editors show nothing else
 * as ghost text.
 */
import { balancesOf, isWorse } from './bracket-balance.ts';

export interface CursorLine {
  /** The cursor's line up to the cursor. */
  readonly linePrefix: string;
  /** The cursor's line from the cursor on. */
  readonly rest: string;
  readonly languageId: string;
}

export interface RestFit {
  /** Characters of the rest, from its start, that the text replaces. */
  readonly replaceLength: number;
  /** Whether the line's brackets and quotes are no worse for the text. */
  readonly balanced: boolean;
}

/** Longer overlaps are not looked for: the rest was not put there by an editor. */
const MAX_REPLACED_CHARS = 40;
/** Places tried for the end of a text that does not fit. */
const MAX_CUTS = 40;
/** Where a text that does not fit may end: before brackets, quotes and comments. */
const CUT = /\/\/|\/\*|--|[()[\]{}"'`#;]/g;

export function fitRest(line: CursorLine, text: string): RestFit {
  const before = balancesOf(line, '')(0);
  const balanceOf = balancesOf(line, text);
  for (const replaceLength of candidates(line.rest, text)) {
    if (!isWorse(balanceOf(replaceLength), before)) {
      return { replaceLength, balanced: true };
    }
  }
  return { replaceLength: 0, balanced: false };
}

/** The longest start of the text that fits, where the whole does not; empty when none does. */
export function longestFit(line: CursorLine, text: string): string {
  for (const { index } of [...text.matchAll(CUT)].reverse().slice(0, MAX_CUTS)) {
    const start = text.slice(0, index).trimEnd();
    if (fitRest(line, start).balanced) return start;
  }
  return '';
}

/** What the text ends with first, then nothing, then as much as the text has in this order. */
function candidates(rest: string, text: string): number[] {
  const limit = Math.min(commonInOrder(rest.trimEnd(), text), MAX_REPLACED_CHARS);
  const lengths = Array.from({ length: limit }, (_, i) => limit - i).filter((length) =>
    endsWord(rest, length),
  );
  const end = text.trimEnd();
  return [...lengths.filter((length) => end.endsWith(rest.slice(0, length))), 0, ...lengths];
}

/** Length of the longest start of `rest` whose characters occur in `text` in the same order. */
function commonInOrder(rest: string, text: string): number {
  let found = -1;
  for (let i = 0; i < rest.length; i++) {
    found = text.indexOf(rest.charAt(i), found + 1);
    if (found < 0) return i;
  }
  return rest.length;
}

/** Whether a cut after `length` characters leaves the words of `rest` (and surrogate pairs) whole. */
function endsWord(rest: string, length: number): boolean {
  const word = /[\p{L}\p{N}\p{M}\p{Cs}_]/u;
  return !(word.test(rest.charAt(length - 1)) && word.test(rest.charAt(length)));
}
