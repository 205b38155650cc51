import type { GroupReport, ModeReport } from '../../engine/core/bench/report.ts';
import type { BenchReport } from '../../engine/protocol.ts';
import { countText, msText, rateText, timesWithInterval } from './figures.ts';
import type { ColumnView, TableView } from './view.ts';

export function text(title: string): ColumnView {
  return { title, numeric: false };
}

export function number(title: string): ColumnView {
  return { title, numeric: true };
}

const SPEEDUP_COLUMNS = [
  number('Speed-up over plain (95 % interval)'),
  number('In all (95 % interval)'),
];

function speedupCells({
  speedupOverPlain,
  totalSpeedup,
}: Pick<GroupReport, 'speedupOverPlain' | 'totalSpeedup'>): readonly string[] {
  return [timesWithInterval(speedupOverPlain), timesWithInterval(totalSpeedup)];
}

/** A row per mode with the figures that matter most. */
export function summaryTable({ modes }: BenchReport): TableView {
  return {
    caption: 'Summary',
    columns: [
      text('Mode'),
      ...SPEEDUP_COLUMNS,
      number('Tokens per second'),
      number('Tokens per step'),
      number('First line, median'),
      number('Per token, median'),
      text('Same text as plain'),
    ],
    rows: Object.entries(modes).map(([name, mode]) => [
      name,
      ...speedupCells(mode),
      rateText(mode.tokensPerSecond.median),
      mode.tokensPerStep.toFixed(2),
      msText(mode.latencyMs.firstLine.p50),
      msText(mode.latencyMs.perToken.p50),
      identityText(mode),
    ]),
    note: 'The speed-up is the median over the runs; “in all” compares the total times of decoding. Rates are of decoding alone. The first line is timed from an empty cache, prompt included.',
  };
}

export function identityText({ divergences, prompts }: ModeReport): string {
  if (divergences.length === 0) return 'yes';
  return `no, in ${divergences.length} of ${countText(prompts, 'prompt')}`;
}

/** The proof that the modes say the same: hashes, and the margins where they do not. */
export function losslessTable({ modes }: BenchReport): TableView {
  return {
    caption: 'Lossless check',
    columns: [
      text('Mode'),
      text('Same text as plain'),
      number('Largest margin where they part, in logits'),
      text('Same in each run'),
      text('SHA-256 of the tokens'),
    ],
    rows: Object.entries(modes).map(([name, mode]) => [
      name,
      identityText(mode),
      largestMargin(mode),
      mode.repeatable ? 'yes' : 'no',
      mode.tokenStreamSha256,
    ]),
    note: 'A margin near 0 is a tie between two tokens, which the rounding of another batch shape decides.',
  };
}

function largestMargin({ divergences }: ModeReport): string {
  if (divergences.length === 0) return '-';
  return Math.max(...divergences.map(({ marginOfPlain }) => marginOfPlain)).toFixed(3);
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  'fill-in-middle': 'fill in the middle',
  prefix: 'continue the prefix',
};

/** A row per mode and kind of prompt, then per mode and language. */
export function breakdownTables({ modes }: BenchReport): readonly TableView[] {
  const entries = Object.entries(modes);
  const table = (
    caption: string,
    first: string,
    groupsOf: (mode: ModeReport) => Readonly<Partial<Record<string, GroupReport>>>,
  ): TableView => ({
    caption,
    columns: [
      text(first),
      text('Mode'),
      number('Prompts'),
      ...SPEEDUP_COLUMNS,
      number('Tokens per second'),
      number('Tokens per step'),
    ],
    rows: groupNames(entries.map(([, mode]) => groupsOf(mode))).flatMap((group) =>
      entries.flatMap(([name, mode]) => {
        const figures = groupsOf(mode)[group];
        return figures === undefined ? [] : [groupRow(KIND_NAMES[group] ?? group, name, figures)];
      }),
    ),
  });
  const tables = [
    table('By kind of prompt', 'Kind', ({ byKind }) => byKind),
    table('By language', 'Language', ({ byLanguage }) => byLanguage),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

function groupNames(groups: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(groups.flatMap((each) => Object.keys(each)))];
}

function groupRow(group: string, mode: string, figures: GroupReport): readonly string[] {
  return [
    group,
    mode,
    String(figures.prompts),
    ...speedupCells(figures),
    rateText(figures.tokensPerSecond),
    figures.tokensPerStep.toFixed(2),
  ];
}
