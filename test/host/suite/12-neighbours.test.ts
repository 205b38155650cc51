import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import { PLAIN_PLACES } from '../../support/plain-places.ts';
import { closeAll, complete, engineReady, open, set, until } from './support.ts';

/** Longer than the watch waits after the last change. */
const PAUSE_MS = 1_300;

/** N-gram chains alone, as long as they come; of one line all that was decoded is shown. */
const SETTINGS = {
  mode: 'manual',
  'tree.promptTokens': 0,
  'tree.depth': 16,
  maxTokens: 40,
  multiline: false,
};

interface Written {
  readonly text: string;
  readonly steps: number;
}

describe('open files', function () {
  this.timeout(120_000);
  let round = 0;

  before(async () => {
    await engineReady();
    for (const [name, value] of Object.entries(SETTINGS)) await set(name, value);
  });
  after(async () => {
    for (const name of Object.keys(SETTINGS)) {
      await set(name, name === 'maxTokens' ? 12 : undefined);
    }
    await set('deadlineMs', undefined);
  });
  afterEach(closeAll);

  /**
   * By the engine, which has read the open files: a changed setting clears what the extension knows from
   * before, a restart what the engine remembers. The watch and the engine take their time.
   */
  async function write(editor: vscode.TextEditor): Promise<Written> {
    round += 1;
    await vscode.commands.executeCommand('foretoken.restartEngine');
    await engineReady();
    await setTimeout(PAUSE_MS);
    await set('deadlineMs', 40_000 + round);
    const { outcome } = await complete(editor);
    assert.ok('report' in outcome && outcome.report, JSON.stringify(outcome));
    const { report } = outcome;
    assert.equal(report.mode, 'manual', JSON.stringify(report));
    return { text: 'text' in outcome ? outcome.text : '', steps: report.timing.steps };
  }

  /** Completions until one comes as is expected. */
  async function writeUntil(
    editor: vscode.TextEditor,
    isExpected: (steps: number) => boolean,
  ): Promise<Written> {
    return until('a completion with fewer or more steps', async () => {
      const written = await write(editor);
      return isExpected(written.steps) ? written : undefined;
    });
  }

  it('are what n-gram chains come from, as long as they are open', async () => {
    let most: Written & { readonly document: string } = { text: '', steps: 0, document: '' };
    for (const document of PLAIN_PLACES) {
      const written = await write(await open(document));
      // What is held back says no text that the other file could have.
      if (written.text !== '' && written.steps > most.steps) most = { ...written, document };
      await closeAll();
    }
    assert.ok(most.steps >= 6, JSON.stringify(most));

    const editor = await open(most.document);
    const alone = await write(editor);
    await open(`${most.document.replace('|', alone.text)}\n`);
    await vscode.window.showTextDocument(editor.document);
    const helped = await writeUntil(editor, (steps) => steps <= 0.75 * alone.steps);
    assert.equal(helped.text, alone.text);

    await closeOther(editor);
    const again = await writeUntil(editor, (steps) => steps >= 0.9 * alone.steps);
    assert.equal(again.text, alone.text);
  });
});

/** Closes the one other tab, without saving it. */
async function closeOther(stays: vscode.TextEditor): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.nextEditor');
  assert.notEqual(vscode.window.activeTextEditor?.document, stays.document);
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await vscode.window.showTextDocument(stays.document);
}
