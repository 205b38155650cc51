/** Post-processing against the lines below: what stands there already is not offered again. */
import { BracketScanner } from './bracket-scanner.ts';
import { afterFirstLine, firstLine, indentColumns, isBlank, nonBlankLines } from './lines.ts';
import { equalLines, isTelling } from './similar-lines.ts';
import { syntaxOf } from './syntax.ts';

export interface Below {
  readonly linePrefix: string;
  /** From the cursor on. */
  readonly suffix: string;
  readonly languageId: string;
}

/** More replayed lines than a completion has. */
const COMPARED_LINES = 100;
const LONE_CLOSERS = /^[)\]}]+[;,]?$/;

/** Removes lines at the end of the text that replay the first lines below the cursor's. */
export function dropReplayedLines(text: string, below: Below): string {
  const next = nonBlankLines(afterFirstLine(below.suffix), COMPARED_LINES);
  let lines = text.split('\n');
  for (;;) {
    while (lines.length > 1 && isBlank(lines.at(-1) ?? '')) lines = lines.slice(0, -1);
    const kept = withoutReplay(lines, next, below);
    if (kept.length === lines.length) return lines.join('\n');
    lines = kept;
  }
}

function withoutReplay(lines: readonly string[], next: readonly string[], below: Below): string[] {
  const contents = lines.map((line, i) => (i === 0 ? below.linePrefix + line : line));
  for (let start = 0; start < lines.length; start++) {
    const tail = contents.slice(start).filter((line) => !isBlank(line));
    if (!replays(tail, next)) continue;
    // Closers of the text's own brackets are no replay, however equal they look.
    if (!tail.some(isTelling) && opensBrackets(lines.slice(0, start), below)) continue;
    return lines.slice(0, start);
  }
  return [...lines];
}

function replays(tail: readonly string[], next: readonly string[]): boolean {
  if (tail.length === 0 || tail.length > next.length) return false;
  return tail.every((line, i) => {
    const other = next[i] ?? '';
    return equalLines(line, other) || (i === tail.length - 1 && isPartOf(line, other));
  });
}

/** Whether a lone closer is the beginning of a line of the document: `}` of `});`. */
function isPartOf(line: string, other: string): boolean {
  const closers = line.trim();
  return (
    LONE_CLOSERS.test(closers) &&
    other.trim().startsWith(closers.replace(/[;,]$/, '')) &&
    indentColumns(line) === indentColumns(other)
  );
}

/** Beyond those that the rest of the cursor's line opens: lines below close them. */
function opensBrackets(lines: readonly string[], below: Below): boolean {
  return opened(lines.join('\n'), below) > opened(firstLine(below.suffix), below);
}

function opened(text: string, { linePrefix, languageId }: Below): number {
  const scanner = new BracketScanner(syntaxOf(languageId)).feedAll(linePrefix);
  scanner.mark();
  return scanner.feedAll(text).openSinceMark;
}
