/** When a line of a completion says the same as a line of the document. */
import { indentColumns } from './lines.ts';

/** Lines with fewer word characters, like `}` or `});`, are told apart by their indentation. */
const TELLING_WORD_CHARS = 3;
/** From this length on (white space apart) lines may differ a little and still be the same. */
const NEAR_EQUAL_MIN_CHARS = 24;
/** One difference in so many characters. */
const NEAR_EQUAL_CHARS_PER_EDIT = 20;

/** Whether a line says enough to be recognised wherever it stands. */
export function isTelling(line: string): boolean {
  return (line.match(/[\p{L}\p{N}_]/gu) ?? []).length >= TELLING_WORD_CHARS;
}

/** Equal but for white space; lines that say little must also be indented alike. */
export function equalLines(a: string, b: string): boolean {
  if (a.trim() !== b.trim()) return false;
  return isTelling(a) || indentColumns(a) === indentColumns(b);
}

/**
 * Equal, or different only in white space, quotes and the final `;` or `,`, or with one edit in
 * twenty characters. Rows of a table differ in their numbers: those must be the same.
 */
export function nearEqualLines(a: string, b: string): boolean {
  if (equalLines(a, b)) return true;
  if (!isTelling(a) || !isTelling(b)) return false;
  const [left, right] = [bare(a), bare(b)];
  if (left === right) return true;
  const length = Math.min(left.length, right.length);
  if (length < NEAR_EQUAL_MIN_CHARS || digits(left) !== digits(right)) return false;
  return withinEdits(left, right, Math.floor(length / NEAR_EQUAL_CHARS_PER_EDIT));
}

function bare(line: string): string {
  return line.replace(/\s+/g, '').replace(/["`]/g, "'").replace(/[;,]$/, '');
}

function digits(line: string): string {
  return line.replace(/\D+/g, ' ');
}

/** Whether the edit distance is at most `limit`; work grows with length x limit only. */
function withinEdits(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    row = nextRow(row, a[i - 1] ?? '', b, i, limit);
    if (Math.min(...row) > limit) return false;
  }
  return (row[b.length] ?? Infinity) <= limit;
}

/** One row of the Wagner-Fischer table, of which only a band around the diagonal matters. */
function nextRow(above: number[], char: string, b: string, i: number, limit: number): number[] {
  const row = Array<number>(b.length + 1).fill(limit + 1);
  if (i <= limit) row[0] = i;
  for (let j = Math.max(1, i - limit); j <= Math.min(b.length, i + limit); j++) {
    const replaced = (above[j - 1] ?? Infinity) + (b[j - 1] === char ? 0 : 1);
    row[j] = Math.min(replaced, (above[j] ?? Infinity) + 1, (row[j - 1] ?? Infinity) + 1);
  }
  return row;
}
