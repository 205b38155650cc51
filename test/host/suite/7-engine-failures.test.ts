import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  complete,
  engineReady,
  loop,
  open,
  placeCursor,
  set,
  shown,
  until,
} from './support.ts';

describe('engine failures', () => {
  before(engineReady);
  afterEach(async () => {
    await set('model', undefined);
    await engineReady();
    await closeAll();
  });

  it('a killed engine is started again and serves', async () => {
    const api = await engineReady();
    const pid = api.enginePid;
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await until('the death', () => api.enginePid !== pid || undefined);
    const editor = await open(loop());
    await until('another engine', () => {
      const { enginePid, engineState } = api;
      return (
        (enginePid !== undefined && enginePid !== pid && engineState.kind === 'ready') || undefined
      );
    });
    shown(await complete(editor));
  });

  it('is restarted by command', async () => {
    const api = await engineReady();
    const pid = api.enginePid;
    await vscode.commands.executeCommand('foretoken.restartEngine');
    await engineReady();
    assert.notEqual(api.enginePid, pid);
    shown(await complete(await open(loop())));
  });

  it('a missing model gives one clear message, and the right setting helps', async () => {
    const api = await engineReady();
    await set('model', '/no/such/model.gguf');
    await until('a failure', () => api.engineState.kind === 'failed' || undefined);
    const editor = await open(loop());
    const place = editor.document.getText().length;
    assert.equal((await complete(editor)).outcome.kind, 'failed');
    placeCursor(editor, 0);
    assert.equal((await complete(editor)).outcome.kind, 'failed');
    placeCursor(editor, place);
    assert.equal(api.failuresTold.length, 1);
    assert.match(api.failuresTold[0] ?? '', /model\.gguf/);
    assert.match(api.statusBarText, /error/);
    await set('model', undefined);
    await until('recovery', () => api.engineState.kind === 'ready' || undefined);
    shown(await complete(editor));
    assert.equal(api.failuresTold.length, 0);
  });

  it('a value that is not allowed is replaced, and nothing breaks', async () => {
    await set('maxTokens', -5);
    await set('debounce', 'sometimes');
    try {
      await complete(await open(loop()));
    } finally {
      await set('maxTokens', 12);
      await set('debounce', undefined);
    }
  });
});
