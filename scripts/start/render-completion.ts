/** Draws a completion into its file, for a terminal. Pure. */

const LINES_AROUND = 4;

/** Line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The text without what follows the place in its line. */
export function cutLine(source: string, { line, column }: Place): string {
  const cut = (each: string, index: number): string =>
    index === line - 1 ? each.slice(0, column - 1) : each;
  return source.split('\n').map(cut).join('\n');
}

/** The lines around the place with the completion in it, numbered as they would be after it. */
export function renderCompletion(
  source: string,
  { line, column }: Place,
  completion: string,
  highlight: (text: string) => string,
): string {
  const lines = source.split('\n');
  const current = lines[line - 1] ?? '';
  // Each line for itself: colours must not run into the numbers.
  const inserted = completion.split('\n').map((each) => (each === '' ? '' : highlight(each)));
  const changed = [current.slice(0, column - 1), inserted.join('\n'), current.slice(column - 1)];
  const first = Math.max(0, line - 1 - LINES_AROUND);
  return [...lines.slice(first, line - 1), changed.join(''), ...lines.slice(line, line + 2)]
    .join('\n')
    .split('\n')
    .map((each, index) => `${String(first + index + 1).padStart(4)} | ${each}`.trimEnd())
    .join('\n');
}
