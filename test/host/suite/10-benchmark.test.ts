import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { BenchView } from '../../../extension/benchmark/view.ts';
import { closeAll, set, testing, until } from './support.ts';

/** As small as a benchmark can be. */
const SMALL = { limit: 2, runs: 1, maxTokens: 8, modes: ['plain', 'ngram'] };

const run = (choice: object): Thenable<unknown> =>
  vscode.commands.executeCommand('foretoken.runBenchmark', { ...SMALL, ...choice });

describe('benchmark', () => {
  afterEach(async () => {
    await set('exclude', undefined);
    await closeAll();
  });

  it('shows what was measured on the built-in prompts, and keeps it', async () => {
    await run({});
    const first = await shownView();
    assert.deepEqual(
      first.summary.rows.map(([mode]) => mode),
      ['plain', 'ngram'],
    );
    assert.match(
      first.facts.map(({ value }) => value).join(),
      /2 prompts, built in; 8 tokens each/,
    );
    assert.ok(first.charts.some(({ title }) => title === 'Tokens per step'));
    await until('a tab with the results', () => openTabs().some(isResultsPage) || undefined);

    await run({});
    const second = await shownView();
    assert.notEqual(second.runId, first.runId);
    assert.deepEqual(second.runs.map(({ id }) => id).slice(0, 2), [second.runId, first.runId]);
  });

  it('cuts prompts from the files of the workspace, but not from those that are excluded', async () => {
    await run({ prompts: 'workspace', limit: 6 });
    assert.deepEqual(languages(await shownView()), ['javascript', 'python', 'typescript']);
    await set('exclude', { '**/shapes.*': true, '**/*.{js,cjs}': true });
    await run({ prompts: 'workspace', limit: 6 });
    assert.deepEqual(languages(await shownView()), ['typescript']);
  });
});

async function shownView(): Promise<BenchView> {
  const { benchmark } = await testing();
  assert.ok(benchmark, 'no results are shown');
  return benchmark;
}

function languages({ details }: BenchView): readonly string[] {
  const table = details.find(({ caption }) => caption === 'By language');
  return [...new Set(table?.rows.map(([language = '']) => language))];
}

function openTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs);
}

function isResultsPage({ input }: vscode.Tab): boolean {
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith('foretoken.benchmark');
}
