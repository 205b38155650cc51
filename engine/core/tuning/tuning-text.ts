import type { Prediction, TuningChoice, TuningRow } from './tuning-table.ts';

/** A table and its conclusion, as lines of Markdown that are readable as they stand. */
export function tuningText(input: {
  readonly plainMs: number;
  readonly table: readonly TuningRow[];
  readonly choice: TuningChoice;
}): string {
  const { plainMs, table, choice } = input;
  const trees = table.some(({ treeMs }) => treeMs !== null);
  const head = ['rows', 'chain ms', 'break-even', ...(trees ? TREE_HEAD : [])];
  const lines = table.map((row) => [
    String(row.rows),
    row.chainMs.toFixed(2),
    row.breakEven.toFixed(2),
    ...(trees
      ? [row.treeMs?.toFixed(2) ?? '', predictionText(row.paper), predictionText(row.optimal)]
      : []),
  ]);
  return [
    `A step of plain decoding takes ${plainMs.toFixed(2)} ms (${(1000 / plainMs).toFixed(0)} tok/s). A chain of so many rows pays from "break-even" tokens a step on.`,
    '',
    ...markdownTable(head, lines),
    '',
    `Expected to be fastest: ${choice.mode}, ${choice.rows} ${choice.rows === 1 ? 'row' : 'rows'}, ${choice.tokensPerSecond.toFixed(0)} tok/s, ${choice.speedup.toFixed(2)}x of plain decoding. ${choice.reason}`,
  ].join('\n');
}

/** Whether the figures are used, and where they are kept. */
export function keptText(input: { readonly quiet: boolean; readonly file: string | null }): string {
  const { quiet, file } = input;
  if (!quiet)
    return 'Other programs were at work, so this is not used: measure again without them.';
  const used = 'Mode auto starts from this and follows what it measures while you work.';
  return `${used} ${file === null ? 'It could not be kept.' : `Kept in ${file}`}`;
}

const TREE_HEAD = ['tree ms', 'paper: tokens/step, tok/s', 'optimal: tokens/step, tok/s'] as const;

function predictionText(prediction: Prediction | null): string {
  if (prediction === null) return '';
  return `${prediction.tau.toFixed(2)}, ${prediction.tokensPerSecond.toFixed(0)}`;
}

function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`;
  return [
    line(head),
    `|${widths.map((w) => `${'-'.repeat(w + 1)}:`).join('|')}|`,
    ...rows.map(line),
  ];
}
