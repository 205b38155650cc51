import type { BenchView, TableView } from './view.ts';

/** The results as a text to paste into a bug report. */
export function toMarkdown(view: BenchView): string {
  const facts = view.facts.map(({ name, value }) => `- ${escaped(name)}: ${escaped(value)}`);
  const { comparison } = view;
  const parts = [
    `# ${escaped(view.title)}`,
    escaped(view.headline),
    escaped(view.lossless.text),
    facts.join('\n'),
    table(view.summary),
    ...view.charts.map((chart) => table(chart.table)),
    ...view.details.map(table),
    ...(comparison === null
      ? []
      : [table(comparison.table), ...comparison.warnings.map((each) => `- ${escaped(each)}`)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function table({ caption, columns, rows, note }: TableView): string {
  const lines = [
    columns.map(({ title }) => escaped(title)),
    columns.map(({ numeric }) => (numeric ? '---:' : '---')),
    ...rows.map((row) => row.map(escaped)),
  ].map((cells) => `| ${cells.join(' | ')} |`);
  const behind = note === undefined ? '' : `\n\n${escaped(note)}`;
  return `## ${escaped(caption)}\n\n${lines.join('\n')}${behind}`;
}

/** Names of models and devices are not ours: they must not become markup. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ');
}
