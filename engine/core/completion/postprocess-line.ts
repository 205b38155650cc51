/** Post-processing in the middle of a line. */
import { BracketScanner } from './bracket-scanner.ts';
import { fitRest, longestFit, type CursorLine } from './fit-rest.ts';
import { firstLine, isBlank } from './lines.ts';
import { syntaxOf } from './syntax.ts';

export interface FittedText {
  readonly text: string;
  readonly replaceLength: number;
}

/**
 * Several lines stay when the first one ends with the rest of the line, or opens a bracket and the
 * whole goes together with the rest: `it('x', |);` + `() => {`, ..., `});`. Otherwise the first line
 * stays, and of that what leaves the line's brackets in order. Null where nothing does.
 */
export function fitLine(text: string, line: CursorLine): FittedText | null {
  if (isBlank(line.rest)) return { text, replaceLength: 0 };
  const first = firstLine(text);
  const fit = fitRest(line, first);
  if (text.includes('\n')) {
    const whole = fitRest(line, text);
    const covered = fit.balanced && fit.replaceLength === line.rest.trimEnd().length;
    if (covered) return { text, replaceLength: fit.replaceLength };
    if (whole.balanced && leavesOpen(first, line)) {
      return { text, replaceLength: whole.replaceLength };
    }
  }
  const fitting = fit.balanced ? first : longestFit(line, first);
  if (isBlank(fitting)) return null;
  return { text: fitting, replaceLength: fitRest(line, fitting).replaceLength };
}

function leavesOpen(first: string, { linePrefix, languageId }: CursorLine): boolean {
  const scanner = new BracketScanner(syntaxOf(languageId)).feedAll(linePrefix);
  scanner.mark();
  return scanner.feedAll(first).firstOpenSinceMark !== null;
}
