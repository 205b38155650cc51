/** Small facts about lines of source text, shared by the stop rules and the post-processing. */

/** Columns of a tab where the editor's setting is not known and only comparisons matter. */
export const ASSUMED_TAB_COLUMNS = 4;

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Leading spaces and tabs. */
export function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** Columns taken by the leading white space. */
export function indentColumns(line: string, tabColumns: number = ASSUMED_TAB_COLUMNS): number {
  let columns = 0;
  for (const char of indentOf(line)) {
    columns += char === '\t' ? tabColumns - (columns % tabColumns) : 1;
  }
  return columns;
}

/** What stands after the last line end: the cursor's line, of a prefix. */
export function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

/** What stands before the first line end: the rest of the cursor's line, of a suffix. */
export function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/** What stands after the first line end; empty when there is none. */
export function afterFirstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? '' : text.slice(end + 1);
}

/** The first `limit` lines of `text` that are not blank. */
export function nonBlankLines(text: string, limit: number): string[] {
  const found: string[] = [];
  let start = 0;
  while (found.length < limit && start <= text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trimEnd();
    if (line !== '') found.push(line);
    start = end + 1;
  }
  return found;
}

/** Length of `text` before `end` without the white space there. */
export function trimmedEnd(text: string, end: number): number {
  return text.slice(0, end).trimEnd().length;
}

/** The nearest cut at or before `index` that does not split a surrogate pair. */
export function wholeCharacters(text: string, index: number): number {
  const splits =
    isHighSurrogate(text.charCodeAt(index - 1)) && isLowSurrogate(text.charCodeAt(index));
  return splits ? index - 1 : index;
}

export function isHighSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdbff;
}

export function isLowSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xdc00 && codeUnit <= 0xdfff;
}
