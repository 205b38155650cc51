import assert from 'node:assert/strict';
import titles from '../../package.nls.json' with { type: 'json' };
import { useEditor } from './use-editor.ts';

const command = (name: keyof typeof titles): string => `Foretoken: ${titles[name]}`;

/** Long enough for a completion to come, if one were to come. */
const SILENCE_MS = 1_500;

describe('commands', () => {
  const editor = useEditor();
  const parts = ['\n\ncount(): number {\nreturn ', 'this', '.', 'items', '.'];

  it('turn completion off and on again, which the status bar shows', async () => {
    const slash = editor().statusItem.locator('.codicon-circle-slash');
    await editor().open('inventory.ts');
    await editor().runCommand(command('commands.toggle'));
    await slash.waitFor();
    await editor().goTo(28, 4);
    await editor().type(parts.join(''));
    const offered = await editor().happens(
      async () => (await editor().ghostText()) !== '',
      SILENCE_MS,
    );
    assert.equal(offered, false);

    await editor().runCommand(command('commands.toggle'));
    await slash.waitFor({ state: 'detached' });
    await editor().goTo(28, 4);
    assert.notEqual(await editor().typeUntilGhostText(parts), '');
  });

  it('tell why there is a completion, in a sentence and in a report', async () => {
    await editor().open('inventory.ts');
    await editor().goTo(28, 4);
    await editor().typeUntilGhostText(parts);
    await editor().runCommand(command('commands.explain'));
    const toast = editor().page.locator('.notification-toast', { hasText: 'Foretoken: ' });
    await toast.waitFor();
    await toast.getByRole('button', { name: 'Details' }).click();
    const report = editor().page.locator('.view-lines', { hasText: /Outcome.*shown/s });
    await report.waitFor();
  });

  it('complete on request', async () => {
    await editor().open('inventory.ts');
    await editor().goTo(28, 4);
    await editor().typeUntilGhostText(parts);
    await editor().press('Escape');
    await editor().waitForNoGhostText();
    await editor().runCommand(command('commands.trigger'));
    assert.notEqual(await editor().settledGhostText(), '');
  });
});
