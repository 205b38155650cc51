/** Takes the benchmark's results out of the editor as a person does: buttons, dialog, clipboard. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { Frame } from 'playwright-core';
import type { Editor } from './editor.ts';

export type SavedFormat = 'JSON' | 'Markdown';

const FILE_NAMES = {
  JSON: /^\/.*foretoken-benchmark-.*\.json$/,
  Markdown: /^\/.*foretoken-benchmark-.*\.md$/,
};

/** What the clipboard holds after a click on "Copy Markdown". */
export async function copyResults(editor: Editor, page: Frame): Promise<string> {
  await editor.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await editor.page.evaluate("navigator.clipboard.writeText('nothing yet')");
  await page.getByRole('button', { name: 'Copy Markdown' }).click();
  let text = '';
  await editor.until('text in the clipboard', async () => {
    text = await editor.page.evaluate<string>('navigator.clipboard.readText()');
    return text !== 'nothing yet';
  });
  return text;
}

/** What the file holds that the save dialog was agreed to; it comes up in an editor too. */
export async function exportResults(
  editor: Editor,
  page: Frame,
  format: SavedFormat,
): Promise<string> {
  await page.getByRole('button', { name: `Export ${format}` }).click();
  const input = editor.page.locator('.quick-input-widget input[type="text"]');
  let file = '';
  await editor.until('a proposed file', async () => {
    file = await input.inputValue({ timeout: 1_000 }).catch(() => '');
    return FILE_NAMES[format].test(file);
  });
  assert.ok(!existsSync(file), file);
  await editor.press('Enter');
  await input.waitFor({ state: 'hidden' });
  const name = file.slice(file.lastIndexOf('/') + 1);
  await editor.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  return readFileSync(file, 'utf8');
}
