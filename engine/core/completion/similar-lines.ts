/** When a line of a completion says the same as a line of the document. */
import { indentColumns } from './lines.ts';

/** Lines with fewer word characters, like `}` or `});`, say nothing. */
const TELLING_WORD_CHARS = 3;
/** Lines with so many word characters are known again whatever their indentation. */
const UNIQUE_WORD_CHARS = 20;
/** From this length on (white space apart) lines may differ a little and still be the same. */
const NEAR_EQUAL_MIN_CHARS = 24;
/** One difference in so many characters. */
const NEAR_EQUAL_CHARS_PER_EDIT = 20;

/** Whether a line says anything, beside brackets and punctuation. */
export function isTelling(line: string): boolean {
  return wordChars(line) >= TELLING_WORD_CHARS;
}

/** Equal and indented alike; lines that say much may be indented differently. */
export function equalLines(a: string, b: string): boolean {
  return a.trim() === b.trim() && comparable(a, b);
}

/**
 * Equal, or different only in white space, quotes and the final `;` or `,`, or with one edit in
 * twenty characters. Rows of a table differ in their numbers: those must be the same.
 */
export function nearEqualLines(a: string, b: string): boolean {
  if (!comparable(a, b)) return false;
  if (a.trim() === b.trim()) return true;
  if (!isTelling(a) || !isTelling(b)) return false;
  const [left, right] = [bare(a), bare(b)];
  if (left === right) return true;
  const length = Math.min(left.length, right.length);
  if (length < NEAR_EQUAL_MIN_CHARS || digits(left) !== digits(right)) return false;
  return withinEdits(left, right, Math.floor(length / NEAR_EQUAL_CHARS_PER_EDIT));
}

function comparable(a: string, b: string): boolean {
  return indentColumns(a) === indentColumns(b) || wordChars(a) >= UNIQUE_WORD_CHARS;
}

function wordChars(line: string): number {
  return line.replace(/[^\p{L}\p{N}_]/gu, '').length;
}

function bare(line: string): string {
  return line.replace(/\s+/g, '').replace(/["`]/g, "'").replace(/[;,]$/, '');
}

function digits(line: string): string {
  return line.replace(/\D+/g, ' ').trim();
}

/** Whether the edit distance is at most `limit`. */
function withinEdits(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    row = nextRow(row, a.charAt(i - 1), b, i, limit);
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
