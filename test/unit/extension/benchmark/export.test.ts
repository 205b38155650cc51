import assert from 'node:assert/strict';
import { DEFAULT_TREE_SETTINGS } from '../../../../engine/core/decode/tree-settings.ts';
import { toMarkdown } from '../../../../extension/benchmark/markdown.ts';
import { parsePageState } from '../../../../extension/benchmark/messages.ts';
import { pageHtml } from '../../../../extension/benchmark/page-html.ts';
import { parseRun, recordRun, serialiseRun } from '../../../../extension/benchmark/run-record.ts';
import { benchView } from '../../../../extension/benchmark/view-model.ts';
import { benchReport, faster, modeReport, PRESENT } from './support.ts';

const report = benchReport({ plain: modeReport(), ngram: faster(1.5) });
const run = recordRun(
  {
    report,
    prompts: 'workspace',
    missing: [],
    measuredWith: { tree: DEFAULT_TREE_SETTINGS, draft: 'small' },
  },
  new Date('2026-01-02T03:04:05.678Z'),
);

describe('record of a benchmark', () => {
  it('comes back as it was written', () => {
    assert.equal(run.id, '2026-01-02T03-04-05-678Z');
    const again = parseRun(serialiseRun(run));
    assert.deepEqual(again, { format: 1, ...run });
  });

  it('has no path of the user in it', () => {
    assert.ok(!serialiseRun(run).includes('somebody'));
    assert.ok(serialiseRun(run).includes('"name": "tiny"'));
  });

  const damaged: readonly string[] = [
    '',
    'null',
    '{}',
    serialiseRun(run).slice(0, -10),
    JSON.stringify({ format: 2, ...run }),
    JSON.stringify({ format: 1, ...run, report: { device: {} } }),
    JSON.stringify({ format: 1, ...run, prompts: 'elsewhere' }),
    JSON.stringify({ format: 1, ...run, measuredWith: { draft: null } }),
  ];
  for (const [index, text] of damaged.entries()) {
    it(`is not read where it is damaged or of another version (${index})`, () => {
      assert.equal(parseRun(text), null);
    });
  }
});

describe('record of a benchmark before there was the speed-up in all', () => {
  const group = { prompts: 1, tokens: 64, tokensPerStep: 1, tokensPerSecond: 90 };
  const python = { ...group, speedupOverPlain: { median: 1, low: 1, high: 1 } };
  const plain = modeReport({ byLanguage: { python } });
  const now = { ...run, report: benchReport({ plain, ngram: faster(1.5) }) };
  const text = serialiseRun(now).replaceAll(/"totalSpeedup": \{[^}]*\},\s*/g, '');
  const old = parseRun(text);

  it('opens, without it', () => {
    assert.ok(!text.includes('totalSpeedup'));
    assert.ok(old);
    const view = benchView({ run: old, runs: [old], comparedWith: now, present: PRESENT });
    assert.match(view.headline, /^ngram was the fastest mode: 1\.25x .* plain decoding\.$/);
    assert.deepEqual(view.summary.rows[1]?.slice(0, 3), ['ngram', '1.25x (1.15 to 1.35)', '-']);
    assert.deepEqual(view.details[1]?.rows[0]?.slice(3, 5), ['1.00x (1.00 to 1.00)', '-']);
    assert.deepEqual(
      view.charts[0]?.series.map(({ values }) => values),
      [[1.25]],
    );
    assert.deepEqual(view.charts[0].table.rows[0]?.slice(4), ['-', '-', '-']);
    assert.match(view.charts[0].description, /ngram 1\.25x \(1\.15 to 1\.35\)\.$/);
    assert.match(toMarkdown(view), /1\.25x \(1\.15 to 1\.35\) \| - \|/);
  });
});

describe('benchmark as Markdown', () => {
  const view = benchView({ run, runs: [run], comparedWith: null, present: PRESENT });
  const markdown = toMarkdown(view);

  it('holds every table, well formed', () => {
    const tables = [view.summary, ...view.charts.map(({ table }) => table), ...view.details];
    for (const { caption, rows } of tables) {
      const at = markdown.indexOf(`## ${caption.replaceAll(/[()]/g, (each) => each)}`);
      assert.ok(at >= 0, caption);
      const lines = markdown
        .slice(at)
        .split('\n')
        .slice(2, 4 + rows.length);
      const bars = lines.map((line) => line.replaceAll(String.raw`\|`, '').split('|').length);
      assert.equal(new Set(bars).size, 1, lines.join('\n'));
    }
  });

  it('lets no name become markup, and names no path', () => {
    assert.ok(markdown.includes(String.raw`cpu: A\|B`));
    assert.ok(!markdown.includes('somebody'));
  });
});

describe('page of the benchmark', () => {
  it('allows its own script and style, and nothing else', () => {
    const parts = { script: 's.js', style: 's.css', source: 'https://own', nonce: 'abc' };
    const html = pageHtml({ ...parts, language: 'en' });
    assert.match(
      html,
      /content="default-src 'none'; script-src 'nonce-abc'; style-src https:\/\/own;"/,
    );
    assert.equal(html.match(/<script/g)?.length, 1);
    assert.ok(!/<style|style=|onload|unsafe/.test(html));
  });

  it('takes back its own state only', () => {
    assert.deepEqual(parsePageState({ runId: 'a', comparedId: null }), {
      runId: 'a',
      comparedId: null,
    });
    assert.deepEqual(parsePageState({ runId: 'a', comparedId: 3 })?.comparedId, null);
    for (const value of [null, 'a', {}, { runId: 1 }]) assert.equal(parsePageState(value), null);
  });
});
