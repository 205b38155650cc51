/** Post-processing in the middle of a line. */
import { BracketScanner } from './bracket-scanner.ts';
import { fitRest, longestFit, type CursorLine } from './fit-rest.ts';
import {
  afterFirstLine,
  firstLine,
  indentColumns,
  indentOf,
  isBlank,
  nonBlankLines,
} from './lines.ts';
import { syntaxOf } from './syntax.ts';

export interface FittedText {
  readonly text: string;
  readonly replaceLength: number;
}

/**
 * Several lines stay when the first one ends with the rest of the line, or when the whole goes
 * together with the rest and is a bracketed block: `it('x', |);` + `() => {`, ..., `});`. Otherwise
 * the first line stays, and of that what leaves the line's brackets in order. Null where nothing does.
 */
export function fitLine(text: string, line: CursorLine): FittedText | null {
  if (isBlank(line.rest)) return { text, replaceLength: 0 };
  const first = firstLine(text);
  const fit = fitRest(line, first);
  const several = text.includes('\n');
  if (several && fit.balanced && fit.replaceLength === line.rest.trimEnd().length) {
    return { text, replaceLength: fit.replaceLength };
  }
  const block = several ? fitBlock(text, line) : null;
  if (block !== null) return block;
  const fitting = fit.balanced ? first : longestFit(line, first);
  if (isBlank(fitting)) return null;
  return { text: fitting, replaceLength: fitRest(line, fitting).replaceLength };
}

/** A block whose bracket is opened by the text's first line, or just before the cursor. */
function fitBlock(text: string, line: CursorLine): FittedText | null {
  if (opensBlock(line.linePrefix, text)) return fitOpenedBlock(text, line);
  const { replaceLength, balanced } = fitRest(line, text);
  return balanced && leavesOpen(firstLine(text), line) ? { text, replaceLength } : null;
}

/** `{|}`: the closer behind the cursor goes on a line of its own, also where the text lacks it. */
function fitOpenedBlock(text: string, line: CursorLine): FittedText | null {
  const { linePrefix, rest } = line;
  const whole = fitRest(line, text);
  if (whole.balanced && whole.replaceLength > 0)
    return { text, replaceLength: whole.replaceLength };
  const closed = `${text.trimEnd()}\n${indentOf(linePrefix)}${rest.trim()}`;
  const { replaceLength, balanced } = fitRest(line, closed);
  return balanced && replaceLength === rest.trimEnd().length
    ? { text: closed, replaceLength }
    : null;
}

function opensBlock(linePrefix: string, text: string): boolean {
  if (!/[([{]\s*$/.test(linePrefix) || !isBlank(firstLine(text))) return false;
  const [second = ''] = nonBlankLines(afterFirstLine(text), 1);
  return indentColumns(second) > indentColumns(linePrefix);
}

function leavesOpen(first: string, { linePrefix, languageId }: CursorLine): boolean {
  const scanner = new BracketScanner(syntaxOf(languageId)).feedAll(linePrefix);
  scanner.mark();
  return scanner.feedAll(first).openSinceMark > 0;
}
