import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, engineReady, set, testing, until } from './support.ts';

/** As small as a benchmark can be. */
const SMALL = { limit: 2, runs: 1, maxTokens: 8, modes: ['plain', 'ngram'] };

const run = (choice: object): Thenable<unknown> =>
  vscode.commands.executeCommand('foretoken.runBenchmark', { ...SMALL, ...choice });

describe('benchmark', () => {
  before(engineReady);
  afterEach(async () => {
    await set('exclude', undefined);
    await closeAll();
  });

  it('shows what was measured on the built-in prompts, and keeps it', async () => {
    const api = await testing();
    await run({});
    const first = api.benchmark;
    assert.ok(first);
    assert.deepEqual(
      first.summary.rows.map(([mode]) => mode),
      ['plain', 'ngram'],
    );
    assert.match(
      first.facts.map(({ value }) => value).join(),
      /2 prompts, built in; 8 tokens each/,
    );
    assert.ok(first.charts.some(({ title }) => title === 'Tokens per step'));
    assert.ok(vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(isResultsPage)));

    await run({});
    const second = api.benchmark;
    assert.ok(second && second.runId !== first.runId);
    assert.deepEqual(second.runs.map(({ id }) => id).slice(0, 2), [second.runId, first.runId]);
  });

  it('cuts prompts from the files of the workspace, but not from those that are excluded', async () => {
    const api = await testing();
    await run({ prompts: 'workspace', limit: 6 });
    assert.deepEqual(languages(api.benchmark), ['javascript', 'python', 'typescript']);
    await set('exclude', { '**/shapes.*': true, '**/*.{js,cjs}': true });
    await until('the exclusions', () =>
      vscode.workspace.getConfiguration('foretoken').get<object>('exclude', {}) ? true : undefined,
    );
    await run({ prompts: 'workspace', limit: 6 });
    assert.deepEqual(languages(api.benchmark), ['typescript']);
  });
});

function languages(view: Awaited<ReturnType<typeof testing>>['benchmark']): readonly string[] {
  const table = view?.details.find(({ caption }) => caption === 'By language');
  return [...new Set(table?.rows.map(([language = '']) => language))];
}

function isResultsPage({ input }: vscode.Tab): boolean {
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith('foretoken.benchmark');
}
