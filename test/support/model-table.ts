import { CATALOGUE } from '../../engine/models/catalogue.ts';
import { ruleOfThumbBytes } from '../../engine/models/recommend.ts';

/** The table of docs/MODELS.md: what the catalogue says, as Markdown that Prettier leaves alone. */
export function modelTable(): string {
  const rows = CATALOGUE.map((each) => [
    `\`${each.id}\``,
    `${each.parameters.total} B`,
    each.quantisation,
    `${(each.approximateBytes / 1e9).toFixed(1)} GB`,
    `${(ruleOfThumbBytes(each.approximateBytes) / 2 ** 30).toFixed(1)} GiB`,
    each.fillInMiddle === 'yes' ? 'yes' : 'no',
    each.licence.name,
    each.licence.terms,
  ]);
  const head = ['Name', 'Weights', 'Format', 'File', 'Memory', 'FIM', 'Licence', 'Terms'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
