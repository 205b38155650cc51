/**
 * Which lines around the cursor go into a request. Works on line lengths alone and looks at no more
 * lines than the window holds, so a keystroke costs the same in a long document as in a short one.
 */

/** Line lengths in characters, without line ends. */
export interface LineLengths {
  readonly lineCount: number;
  lineLength(line: number): number;
}

/** Characters, line ends included. */
export interface WindowBudget {
  /** For the lines above the cursor's line and that line. */
  readonly prefixChars: number;
  /** For the lines below the cursor's line. */
  readonly suffixChars: number;
}

/** Lines `start` to `end - 1`; the cursor's line is always among them. */
export interface LineWindow {
  readonly start: number;
  readonly end: number;
}

/** About 3,000 and 1,000 tokens of code: three quarters and one quarter. */
export const DEFAULT_BUDGET: WindowBudget = { prefixChars: 12_000, suffixChars: 4_000 };
/** Boundaries that a new start is moved to, in lines; finer where lines are long. */
export const SNAP_LINES = 64;
/** A new start leaves this share of the budget free, so that text can grow before it moves again. */
const FREE_SHARE = 0.25;
/** An old start is given up when the window behind it holds less than this share. */
const KEPT_SHARE = 0.5;

/**
 * The start moves seldom, because moving it shifts every token of the prompt and loses the K/V:
 * `previous`, the document's last window, keeps its start while the cursor's line fits its budget
 * and half of the budget is used. Otherwise the start is chosen anew, on a coarse boundary.
 */
export function chooseWindow(
  lines: LineLengths,
  cursorLine: number,
  budget: WindowBudget = DEFAULT_BUDGET,
  previous: LineWindow | null = null,
): LineWindow {
  return {
    start: chooseStart(lines, cursorLine, budget.prefixChars, previous),
    end: chooseEnd(lines, cursorLine, budget.suffixChars),
  };
}

function chooseStart(
  lines: LineLengths,
  cursorLine: number,
  budgetChars: number,
  previous: LineWindow | null,
): number {
  if (previous !== null && keepsStart(lines, previous.start, cursorLine, budgetChars)) {
    return previous.start;
  }
  if (earliestStart(lines, cursorLine, budgetChars) === 0) return 0;
  const earliest = earliestStart(lines, cursorLine, budgetChars * (1 - FREE_SHARE));
  const grid = gridFor(cursorLine - earliest);
  return Math.ceil(earliest / grid) * grid;
}

/** The first line from which on everything up to the end of `cursorLine` fits. */
function earliestStart(lines: LineLengths, cursorLine: number, budgetChars: number): number {
  let left = budgetChars - lines.lineLength(cursorLine) - 1;
  let start = cursorLine;
  while (start > 0) {
    left -= lines.lineLength(start - 1) + 1;
    if (left < 0) break;
    start--;
  }
  return start;
}

function keepsStart(
  lines: LineLengths,
  start: number,
  cursorLine: number,
  budgetChars: number,
): boolean {
  if (start > cursorLine || earliestStart(lines, cursorLine, budgetChars) > start) return false;
  return start === 0 || earliestStart(lines, cursorLine, budgetChars * KEPT_SHARE) >= start;
}

/** A power of two, so that coarse boundaries are fine ones too; costs at most a quarter of `span`. */
function gridFor(span: number): number {
  let grid = 1;
  while (grid * 2 <= Math.min(SNAP_LINES, span / 4)) grid *= 2;
  return grid;
}

function chooseEnd(lines: LineLengths, cursorLine: number, budgetChars: number): number {
  let left = budgetChars;
  let end = cursorLine + 1;
  while (end < lines.lineCount) {
    left -= lines.lineLength(end) + 1;
    if (left < 0) break;
    end++;
  }
  return end;
}
