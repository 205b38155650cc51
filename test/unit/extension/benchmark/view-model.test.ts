import assert from 'node:assert/strict';
import { compareRuns } from '../../../../extension/benchmark/compare.ts';
import { changeText, msText } from '../../../../extension/benchmark/figures.ts';
import { toMarkdown } from '../../../../extension/benchmark/markdown.ts';
import type { BenchRun } from '../../../../extension/benchmark/run-record.ts';
import type { BenchView, ChartView } from '../../../../extension/benchmark/view.ts';
import { benchView } from '../../../../extension/benchmark/view-model.ts';
import { benchReport, benchRun, faster, modeReport, PRESENT } from './support.ts';

function viewOf(run: BenchRun, comparedWith: BenchRun | null = null): BenchView {
  return benchView({ run, runs: [run], comparedWith, present: PRESENT });
}

function chart(view: BenchView, title: string): ChartView {
  const found = view.charts.find((each) => each.title.startsWith(title));
  assert.ok(found, `${title}: ${view.charts.map((each) => each.title).join(', ')}`);
  return found;
}

describe('view of a benchmark', () => {
  it('sums up, a row per mode', () => {
    const view = viewOf(benchRun({ plain: modeReport(), ngram: faster(1.5) }));
    assert.deepEqual(
      view.summary.rows.map((row) => row.slice(0, 3)),
      [
        ['plain', '1.00x (1.00 to 1.00)', '1.00x (1.00 to 1.00)'],
        ['ngram', '1.25x (1.15 to 1.35)', '1.50x (1.40 to 1.60)'],
      ],
    );
    assert.match(
      view.headline,
      /^ngram was the fastest mode: 1\.50x \(1\.40 to 1\.60\) plain.* in all\.$/,
    );
    for (const table of [view.summary, ...view.details, ...view.charts.map((each) => each.table)]) {
      for (const row of table.rows) assert.equal(row.length, table.columns.length, table.caption);
    }
  });

  it('calls no mode fastest that may not be', () => {
    const headline = (median: number) =>
      viewOf(benchRun({ plain: modeReport(), ngram: faster(median) })).headline;
    assert.match(headline(1.05), /^No mode was surely faster/);
    assert.match(headline(0.5), /^Plain decoding was the fastest/);
    assert.match(viewOf(benchRun({ plain: modeReport() })).headline, /Only plain/);
  });

  it('says whether the text was the same, and by what margin it was not', () => {
    const same = viewOf(benchRun({ plain: modeReport(), ngram: faster(1.5) })).lossless;
    assert.deepEqual([same.ok, same.text.includes('3 prompts')], [true, true]);
    const divergences = [
      { prompt: 0, position: 4, marginOfPlain: 0.01 },
      { prompt: 2, position: 1, marginOfPlain: 0.12 },
    ];
    const parted = faster(1.5, { identicalToPlain: false, divergences });
    const view = viewOf(benchRun({ plain: modeReport(), ngram: parted }));
    assert.equal(view.lossless.ok, false);
    assert.match(view.lossless.text, /ngram.*0\.120 logits/);
    assert.ok(view.details[0]?.rows.some((row) => row.includes('no, in 2 of 3 prompts')));
  });

  it('has a chart for what was measured, and none for what was not', () => {
    const plain = viewOf(benchRun({ plain: modeReport() }));
    assert.deepEqual(
      plain.charts.map(({ title }) => title),
      ['Tokens per step', 'Time to the first line', 'Time per token'],
    );
    const acceptanceByDistance = [
      { distance: 1, guessed: 10, accepted: 5 },
      { distance: 2, guessed: 0, accepted: 0 },
    ];
    const ngram = faster(1.5, { acceptanceByDistance, predictedAcceptanceLength: 1.7 });
    const passLatency = [1, 2].map((rows) => ({ rows, ms: 3 * rows }));
    const report = benchReport({ plain: modeReport(), ngram }, { passLatency });
    const view = viewOf(benchRun({}, { report }));
    assert.equal(view.charts.length, 6);
    assert.deepEqual(
      chart(view, 'Speed-up').series.map(({ values }) => values),
      [[1.25], [1.5]],
    );
    assert.match(chart(view, 'Speed-up').description, /ngram 1\.25x .*, in all 1\.50x /);
    assert.deepEqual(chart(view, 'Tokens per step').series[1]?.values, [null, 1.7]);
    assert.deepEqual(chart(view, 'Guesses accepted').series[0]?.values, [0.5, null]);
    assert.deepEqual(chart(view, 'Guesses accepted').table.rows, [
      ['1', '50 %'],
      ['2', '-'],
    ]);
    assert.deepEqual(chart(view, 'L(n)').series[0]?.values, [3, 6]);
    for (const each of view.charts) assert.ok(each.description.startsWith(each.title));
  });

  it('names the modes that could not be measured, and why', () => {
    const unsupportedReason = 'There is no draft model.';
    const missing = (['draft', 'draft-ppd'] as const).map((mode) => ({ mode, unsupportedReason }));
    const { facts } = viewOf(benchRun({ plain: modeReport() }, { missing }));
    assert.deepEqual(facts.at(-1), {
      name: 'Not measured',
      value: 'draft, draft-ppd: There is no draft model.',
    });
  });

  it('breaks the figures down', () => {
    const group = { prompts: 1, tokens: 64, tokensPerStep: 1, tokensPerSecond: 90 };
    const totalSpeedup = { median: 1.1, low: 1, high: 1.2 };
    const python = { ...group, speedupOverPlain: { median: 1, low: 1, high: 1 }, totalSpeedup };
    const plain = modeReport({ byLanguage: { python }, byKind: { 'fill-in-middle': python } });
    const [, kinds, languages] = viewOf(benchRun({ plain })).details;
    assert.deepEqual(kinds?.rows[0]?.slice(0, 3), ['fill in the middle', 'plain', '1']);
    assert.deepEqual(languages?.rows[0]?.slice(0, 5), [
      'python',
      'plain',
      '1',
      '1.00x (1.00 to 1.00)',
      '1.10x (1.00 to 1.20)',
    ]);
  });
});

describe('two benchmarks compared', () => {
  const plain = modeReport();
  const then = benchRun({ plain, ngram: faster(1.2) }, { id: 'then' });

  it('give the change of each mode that both have', () => {
    const quick = modeReport({ tokensPerSecond: { median: 150, p10: 1, p90: 200 } });
    const { table, warnings, runId } = compareRuns(then, benchRun({ plain: quick }));
    assert.equal(runId, 'then');
    assert.deepEqual(table.rows, [
      ['plain', '100', '150', '+50 %', '1.00', '1.00', '10.0 ms', '10.0 ms', 'same'],
    ]);
    assert.deepEqual(warnings, []);
  });

  it('warn where more has changed than the time', () => {
    const { report } = benchRun({ plain });
    const other = { ...report, model: { ...report.model, name: 'large' } };
    const now = benchRun({}, { report: other, prompts: 'workspace' });
    const { warnings } = compareRuns(then, now);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0] ?? '', /Other model: tiny then, large now/);
    assert.match(warnings[1] ?? '', /Other prompts/);
  });

  it('are part of the view and of the export', () => {
    const view = viewOf(benchRun({ plain }), then);
    assert.equal(view.comparison?.runId, 'then');
    assert.match(toMarkdown(view), /## Compared with 2026/);
  });
});

describe('figures of a benchmark', () => {
  it('are as exact as they are worth', () => {
    assert.deepEqual([1.234, 12.34, 123.4, 1234].map(msText), [
      '1.23 ms',
      '12.3 ms',
      '123 ms',
      '1.23 s',
    ]);
    assert.deepEqual(
      [changeText(100, 88), changeText(100, 100.2), changeText(0, 1)],
      ['-12 %', 'same', '-'],
    );
  });
});
