import assert from 'node:assert/strict';
import type { ConsoleMessage, Frame } from 'playwright-core';
import type { BenchRun } from '../../extension/benchmark/run-record.ts';
import titles from '../../package.nls.json' with { type: 'json' };
import type { Editor } from './editor.ts';
import { copyResults, exportResults } from './save-results.ts';
import { useEditor } from './use-editor.ts';

/** A quick look in every mode. */
const RUN_LIMIT_MS = 150_000;

/** What a screen reader would call the element that has the focus; this runs inside the page. */
const FOCUSED = `
  document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`;

const THEMES = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'high contrast': 'Dark High Contrast',
};

describe('benchmark', () => {
  const editor = useEditor();
  const violations: string[] = [];

  before(() => {
    editor().page.on('console', (message: ConsoleMessage) => {
      if (
        message.text().includes('Content Security Policy') &&
        message.text().includes('benchmark')
      ) {
        violations.push(message.text());
      }
    });
  });

  it('runs and shows its results, in every theme and with the keyboard', async function () {
    this.timeout(RUN_LIMIT_MS);
    await run(editor());
    const page = await resultsPage(editor());
    const modes = await page.locator('section[aria-label=Summary] tbody th').allTextContents();
    assert.ok(modes.includes('plain') && modes.includes('ngram'), modes.join());
    assert.match(await page.locator('.headline').innerText(), /plain decoding/);

    await checkCharts(page);
    await checkKeyboard(editor(), page);
    for (const [name, theme] of Object.entries(THEMES)) {
      await useTheme(editor(), page, theme);
      await page.evaluate('scrollTo(0, 0)');
      await editor().capture(`benchmark ${name}`);
      await page.evaluate("document.querySelector('section[aria-label=Charts]').scrollIntoView()");
      await editor().capture(`benchmark charts ${name}`);
    }
    await checkSaved(editor(), page, modes);
    assert.deepEqual(violations, []);
  });
});

async function run(editor: Editor): Promise<void> {
  await startCommand(editor, `Foretoken: ${titles['commands.runBenchmark']}`);
  await answer(editor, 'Quick look');
  await editor.page
    .locator('.notification-toast', { hasText: 'Foretoken benchmark' })
    .getByRole('button', { name: 'Cancel' })
    .waitFor();
  await editor.page
    .locator('.tab', { hasText: 'Foretoken Benchmark' })
    .waitFor({ timeout: RUN_LIMIT_MS });
}

/** A command that asks something: the list of commands gives way to another one. */
async function startCommand(editor: Editor, title: string): Promise<void> {
  await editor.press('F1');
  await answer(editor, title, '>');
}

async function answer(editor: Editor, text: string, before = ''): Promise<void> {
  await editor.page.locator('.quick-input-widget input[type="text"]').fill(before + text);
  await editor.page
    .locator('.quick-input-list .monaco-list-row', { hasText: text })
    .first()
    .click();
}

/** The frame inside the frame of the editor's webview. */
async function resultsPage(editor: Editor): Promise<Frame> {
  let found: Frame | undefined;
  await editor.until('the results page', async () => {
    for (const frame of editor.page.frames()) {
      const summary = frame.locator('section[aria-label=Summary] table');
      if ((await summary.count().catch(() => 0)) > 0) found = frame;
    }
    return found !== undefined;
  });
  if (found === undefined) throw new Error('No results page.');
  return found;
}

/** Each has a description for screen readers, a table, and something drawn. */
async function checkCharts(page: Frame): Promise<void> {
  const figures = await page.locator('figure').all();
  assert.ok(figures.length >= 4);
  for (const figure of figures) {
    const title = await figure.locator('figcaption').innerText();
    const label = await figure.locator('canvas[role=img]').getAttribute('aria-label');
    assert.ok(label?.startsWith(title), label ?? title);
    await figure.locator('summary').click();
    assert.ok((await figure.locator('tbody tr').count()) > 0, title);
    await figure.locator('summary').click();
    assert.ok((await figure.locator('canvas').boundingBox())!.height > 100, title);
  }
}

/** Every button and list is reached with Tab, in the order of the page. */
async function checkKeyboard(editor: Editor, page: Frame): Promise<void> {
  await page.locator('h1').click();
  const reached: string[] = [];
  for (let presses = 0; presses < 12; presses += 1) {
    await editor.press('Tab');
    reached.push(await page.evaluate<string>(FOCUSED));
  }
  const order = ['Run Again', 'Export JSON', 'Export Markdown', 'Copy Markdown', 'Summary'];
  const places = order.map((name) => reached.indexOf(name));
  assert.ok(
    places.every((place, index) => place > (places[index - 1] ?? -1)),
    reached.join(' | '),
  );
}

/** What was shown is what is copied and exported. */
async function checkSaved(editor: Editor, page: Frame, modes: readonly string[]): Promise<void> {
  const title = await page.locator('h1').innerText();
  const copied = await copyResults(editor, page);
  assert.ok(copied.startsWith(`# ${title}`), copied.slice(0, 80));
  for (const mode of modes) assert.match(copied, new RegExp(`^\\| ${mode} +\\|`, 'm'));

  assert.equal(await exportResults(editor, page, 'Markdown'), copied);
  await editor.page.locator('.tab', { hasText: 'Foretoken Benchmark' }).click();
  const run = JSON.parse(
    await exportResults(editor, await resultsPage(editor), 'JSON'),
  ) as BenchRun;
  assert.deepEqual(Object.keys(run.report.modes), modes);
  assert.equal(`Benchmark of ${run.report.model.name}`, title);
}

async function useTheme(editor: Editor, page: Frame, theme: string): Promise<void> {
  const before = await backgroundOf(page);
  await startCommand(editor, 'Preferences: Color Theme');
  await answer(editor, theme);
  await editor.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  await editor.happens(async () => (await backgroundOf(page)) !== before, 1_000);
}

function backgroundOf(page: Frame): Promise<string> {
  return page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
}
