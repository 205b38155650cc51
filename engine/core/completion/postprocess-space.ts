/** Post-processing of white space: indentation, the join with the line, trailing blanks. */
import { indentColumns, indentOf, isBlank, nonBlankLines } from './lines.ts';

export interface Indentation {
  /** Whether the editor indents with spaces. */
  readonly insertSpaces: boolean;
  /** Columns of a tab, and of one level of indentation. */
  readonly tabSize: number;
}

const OPENS_BLOCK = /(?:[([{:]|=>|\b(?:then|do|else|begin))\s*$/;
const COMMENT = /^(?:\/\/|\/\*|#|--|;)/;

/** Lines but the first, which goes on the cursor's line, indented as the editor indents. */
export function convertIndentation(
  text: string,
  linePrefix: string,
  indentation: Indentation,
): string {
  const lines = text.split('\n');
  const first = isBlank(linePrefix) ? 0 : 1;
  return lines.map((line, i) => (i < first ? line : reindent(line, indentation))).join('\n');
}

function reindent(line: string, { insertSpaces, tabSize }: Indentation): string {
  const indent = indentOf(line);
  if (indent === '' || (insertSpaces && !indent.includes('\t'))) return line;
  const columns = indentColumns(line, tabSize);
  const tabs = insertSpaces ? 0 : Math.floor(columns / tabSize);
  return '\t'.repeat(tabs) + ' '.repeat(columns - tabs * tabSize) + line.slice(indent.length);
}

/**
 * Models asked on an indented blank line may spell its indentation again. It goes where the cursor
 * is as deep already as the line above allows.
 */
export function dropTypedIndent(
  text: string,
  linePrefix: string,
  above: string,
  indentation: Indentation,
): string {
  if (linePrefix === '' || !isBlank(linePrefix)) return text;
  const deeper = OPENS_BLOCK.test(above) ? indentation.tabSize : 0;
  const expected = indentColumns(above, indentation.tabSize) + deeper;
  if (indentColumns(linePrefix, indentation.tabSize) < expected) return text;
  let rest = text;
  while (rest.startsWith(linePrefix)) rest = rest.slice(linePrefix.length);
  return rest;
}

/** One space where text meets text; more only to keep a column of the line above, or a comment. */
export function joinSpaces(text: string, linePrefix: string, above: string): string {
  const run = /^ */.exec(text)?.[0].length ?? 0;
  if (isBlank(linePrefix)) return text;
  if (/\s$/.test(linePrefix)) return text.replace(/^[ \t]+/, '');
  if (run < 2 || COMMENT.test(text.slice(run))) return text;
  const column = linePrefix.length + run;
  const aligned = above[column - 1] === ' ' && (above[column] ?? ' ') !== ' ';
  return aligned ? text : text.slice(run - 1);
}

/** No trailing blanks; towards a word in the rest of the line one space stays if there were some. */
export function trimTrailing(text: string, rest: string): string {
  const trimmed = text.replace(/[ \t]+$/gm, '').trimEnd();
  const joins = text.endsWith(' ') && /^[\p{L}\p{N}_]/u.test(rest);
  return joins && trimmed !== '' ? `${trimmed} ` : trimmed;
}

/** The nearest line before the cursor's that is not blank; empty when there is none. */
export function lineAbove(prefix: string): string {
  const above = prefix.slice(0, prefix.lastIndexOf('\n') + 1).trimEnd();
  return nonBlankLines(above.slice(above.lastIndexOf('\n') + 1), 1)[0] ?? '';
}
