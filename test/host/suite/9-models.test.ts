import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  complete,
  engineReady,
  EXTENSION_ID,
  loop,
  open,
  set,
  shown,
  until,
} from './support.ts';

const EMBEDDED = 'foretoken-code-6m';
/** The list needs the engine, and appears a moment after it has answered. */
const LIST_MS = 3000;

function setting(): string | undefined {
  return vscode.workspace.getConfiguration('foretoken').inspect<string>('model')?.globalValue;
}

/** A file of the user's own: the embedded model, by its path. */
function file(): string {
  const extension = vscode.extensions.getExtension(EXTENSION_ID);
  assert.ok(extension);
  return vscode.Uri.joinPath(extension.extensionUri, 'models', `${EMBEDDED}.Q8_0.gguf`).fsPath;
}

describe('choosing a model', () => {
  before(engineReady);
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await set('model', undefined);
    await engineReady();
    await closeAll();
  });

  it('by the path of a file', async () => {
    await set('model', file());
    const api = await engineReady();
    await until('the file', () => {
      const { engineState } = api;
      return (engineState.kind === 'ready' && !engineState.model.embedded) || undefined;
    });
    shown(await complete(await open(loop())));
  });

  it('by its name: the embedded model is the default, so the setting goes', async () => {
    await set('model', file());
    await engineReady();
    await vscode.commands.executeCommand('foretoken.selectModel', EMBEDDED);
    await until('the default', () => setting() === undefined || undefined);
    const api = await engineReady();
    await until('the embedded model', () => {
      const { engineState } = api;
      return (engineState.kind === 'ready' && engineState.model.embedded) || undefined;
    });
  });

  it('leaves everything as it was when the list is sent away', async () => {
    await set('model', file());
    const ended = vscode.commands.executeCommand('foretoken.selectModel');
    await new Promise((resolve) => setTimeout(resolve, LIST_MS));
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await ended;
    assert.equal(setting(), file());
  });
});
