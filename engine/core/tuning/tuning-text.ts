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
    `Expected to be fastest: ${choice.mode}, ${choice.rows} rows, ${choice.tokensPerSecond.toFixed(0)} tok/s, ${choice.speedup.toFixed(2)}x of plain decoding. ${choice.reason}`,
    'Mode auto starts from this and follows what it measures while you work.',
  ].join('\n');
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
