import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, engineReady, EXTENSION_ID, loop, open, set, testing } from './support.ts';

describe('activation', () => {
  before(async () => {
    await testing();
    // One thread: the test machine's cores are shared. Short answers: what is tested is not the model.
    await set('threads', 1);
    await set('maxTokens', 12);
    await set('deadlineMs', 20_000);
    await set('contextLength', 512);
  });

  it('activates after the start of the editor, without any document', async () => {
    await testing();
    assert.equal(vscode.extensions.getExtension(EXTENSION_ID)?.isActive, true);
  });

  it('registers its commands', async () => {
    const registered = await vscode.commands.getCommands(true);
    const manifest = vscode.extensions.getExtension(EXTENSION_ID)?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    for (const { command } of manifest.contributes.commands) {
      assert.ok(registered.includes(command), command);
    }
  });

  it('loads the embedded model when an editor is opened, and says so in the status bar', async () => {
    await open(loop());
    const api = await engineReady();
    assert.equal(api.engineState.kind, 'ready');
    assert.match(api.statusBarText, /^Foretoken/);
    assert.ok(api.enginePid !== undefined);
    await closeAll();
  });
});
