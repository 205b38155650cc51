import type { LatencyPercentiles, ModeReport } from '../../engine/core/bench/report.ts';
import type { Interval } from '../../engine/core/bench/sample.ts';
import type { BenchReport } from '../../engine/protocol.ts';
import { msText, percentText, timesText, timesWithInterval } from './figures.ts';
import { number, text } from './tables.ts';
import type { ChartView, SeriesView } from './view.ts';

type Modes = readonly (readonly [name: string, mode: ModeReport])[];

/** The charts that this report has figures for. */
export function chartsOf({ modes, passLatency }: BenchReport): readonly ChartView[] {
  const entries = Object.entries(modes);
  const charts = [
    speedupChart(entries.filter(([name]) => name !== 'plain')),
    stepsChart(entries),
    latencyChart('Time to the first line', entries, (mode) => mode.firstLine),
    latencyChart('Time per token', entries, (mode) => mode.perToken),
    distanceChart(entries.filter(([, mode]) => mode.acceptanceByDistance.length > 0)),
    passChart(passLatency ?? []),
  ];
  return charts.filter(({ series }) => series.some(({ values }) => values.length > 0));
}

function names(entries: Modes): readonly string[] {
  return entries.map(([name]) => name);
}

function described(title: string, parts: readonly string[]): string {
  return `${title}. ${parts.join('; ')}.`;
}

function speedupChart(entries: Modes): ChartView {
  const title = 'Speed-up over plain decoding';
  const totals = entries.flatMap(([, { totalSpeedup }]) => totalSpeedup ?? []);
  return {
    title,
    description: described(
      title,
      entries.map(([name, { speedupOverPlain, totalSpeedup }]) => {
        const inAll = totalSpeedup && `, in all ${timesWithInterval(totalSpeedup)}`;
        return `${name} ${timesWithInterval(speedupOverPlain)}${inAll ?? ''}`;
      }),
    ),
    kind: 'bars',
    x: { kind: 'categories', title: 'Mode', labels: names(entries) },
    y: { title: 'Times as fast', percent: false },
    series: [
      speedupSeries(
        'Median of the runs',
        entries.map(([, { speedupOverPlain }]) => speedupOverPlain),
      ),
      ...(totals.length === entries.length ? [speedupSeries('In all', totals)] : []),
    ],
    reference: { value: 1, label: 'plain' },
    table: {
      caption: title,
      columns: [
        text('Mode'),
        number('Median'),
        number('Interval from'),
        number('to'),
        number('In all'),
        number('Interval from'),
        number('to'),
      ],
      rows: entries.map(([name, { speedupOverPlain, totalSpeedup }]) => [
        name,
        ...[speedupOverPlain, totalSpeedup].flatMap(endsText),
      ]),
    },
  };
}

function speedupSeries(name: string, speedups: readonly Interval[]): SeriesView {
  return {
    name,
    values: speedups.map(({ median }) => median),
    low: speedups.map(({ low }) => low),
    high: speedups.map(({ high }) => high),
  };
}

function endsText(speedup: Interval | undefined): readonly string[] {
  if (speedup === undefined) return ['-', '-', '-'];
  return [speedup.median, speedup.low, speedup.high].map(timesText);
}

function stepsChart(entries: Modes): ChartView {
  const title = 'Tokens per step';
  const measured = entries.map(([, { acceptanceLength }]) => acceptanceLength);
  const predicted = entries.map(([, mode]) => mode.predictedAcceptanceLength);
  const prediction: SeriesView = { name: 'Predicted', values: predicted };
  const shown = (value: number | null | undefined): string => value?.toFixed(2) ?? '-';
  return {
    title,
    description: described(
      title,
      entries.map(([name, mode]) => {
        const promise = mode.predictedAcceptanceLength;
        const behind = promise === null ? '' : `, predicted ${shown(promise)}`;
        return `${name} ${shown(mode.acceptanceLength.mean)}${behind}`;
      }),
    ),
    kind: 'bars',
    x: { kind: 'categories', title: 'Mode', labels: names(entries) },
    y: { title: 'Tokens per step', percent: false },
    series: [
      {
        name: 'Measured',
        values: measured.map(({ mean }) => mean),
        low: measured.map(({ low }) => low),
        high: measured.map(({ high }) => high),
      },
      ...(predicted.some((each) => each !== null) ? [prediction] : []),
    ],
    reference: null,
    table: {
      caption: title,
      columns: [
        text('Mode'),
        number('Measured'),
        number('Interval from'),
        number('to'),
        number('Predicted'),
      ],
      rows: entries.map(([name, { acceptanceLength: each, predictedAcceptanceLength }]) => [
        name,
        ...[each.mean, each.low, each.high, predictedAcceptanceLength].map(shown),
      ]),
    },
  };
}

function latencyChart(
  title: string,
  entries: Modes,
  select: (latency: ModeReport['latencyMs']) => LatencyPercentiles,
): ChartView {
  const rows = entries.map(([name, { latencyMs }]) => ({ name, ms: select(latencyMs) }));
  const percentiles = ['p50', 'p90', 'p99'] as const;
  const labels = { p50: 'Median', p90: '90 %', p99: '99 %' };
  return {
    title,
    description: described(
      title,
      rows.map(({ name, ms }) => `${name} median ${msText(ms.p50)}, 90 % within ${msText(ms.p90)}`),
    ),
    kind: 'bars',
    x: { kind: 'categories', title: 'Mode', labels: names(entries) },
    y: { title: 'ms', percent: false },
    series: percentiles.map((each) => ({
      name: labels[each],
      values: rows.map(({ ms }) => ms[each]),
    })),
    reference: null,
    table: {
      caption: title,
      columns: [text('Mode'), ...percentiles.map((each) => number(labels[each]))],
      rows: rows.map(({ name, ms }) => [name, ...percentiles.map((each) => msText(ms[each]))]),
    },
  };
}

function distanceChart(entries: Modes): ChartView {
  const title = 'Guesses accepted, by distance';
  const reach = Math.max(0, ...entries.map(([, mode]) => mode.acceptanceByDistance.length));
  const distances = Array.from({ length: reach }, (_, index) => index + 1);
  const shareAt = (mode: ModeReport, distance: number): number | null => {
    const figures = mode.acceptanceByDistance[distance - 1];
    return figures === undefined || figures.guessed === 0
      ? null
      : figures.accepted / figures.guessed;
  };
  const shares = entries.map(([name, mode]) => ({
    name,
    values: distances.map((distance) => shareAt(mode, distance)),
  }));
  const shown = (share: number | null): string => (share === null ? '-' : percentText(share));
  return {
    title,
    description: described(
      title,
      shares.map(({ name, values }) => `${name} ${values.map(shown).join(', ')}`),
    ),
    kind: 'lines',
    x: { kind: 'numbers', title: 'Tokens behind the next one', values: distances },
    y: { title: 'Of the steps that guessed there', percent: true },
    series: shares,
    reference: null,
    table: {
      caption: title,
      columns: [number('Distance'), ...entries.map(([name]) => number(name))],
      rows: distances.map((distance, index) => [
        String(distance),
        ...shares.map(({ values }) => shown(values[index] ?? null)),
      ]),
    },
  };
}

function passChart(passes: NonNullable<BenchReport['passLatency']>): ChartView {
  const title = 'L(n): time of one forward pass over n tokens';
  const points = passes.map(({ rows, ms }) => `${rows}: ${msText(ms)}`);
  return {
    title,
    description: described(title, points),
    kind: 'lines',
    x: { kind: 'numbers', title: 'Tokens in the pass', values: passes.map(({ rows }) => rows) },
    y: { title: 'ms', percent: false },
    series: [{ name: 'L(n)', values: passes.map(({ ms }) => ms) }],
    reference: null,
    table: {
      caption: title,
      columns: [number('Tokens'), number('Time')],
      rows: passes.map(({ rows, ms }) => [String(rows), msText(ms)]),
    },
  };
}
