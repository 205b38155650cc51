import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, complete, engineReady, loop, open, shown } from './support.ts';

function explain(): Thenable<string> {
  return vscode.commands.executeCommand<string>('foretoken.explain');
}

describe('explanation', () => {
  before(engineReady);
  afterEach(closeAll);

  it('of a completion gives the model, the time and the text', async () => {
    const api = await engineReady();
    const { text, report } = shown(await complete(await open(loop())));
    assert.match(await explain(), /completed in|known from before/);
    assert.ok(api.explanation.includes(text));
    if (!report) return;
    assert.ok(api.explanation.includes(`${report.timing.promptTokens} tokens`));
    assert.match(api.explanation, /- Mode: [a-z-]+, because auto /);
  });

  it('of a silence gives the reason', async () => {
    const api = await engineReady();
    await complete(await open('\0|', 'plaintext'));
    assert.match(await explain(), /does not look like text/);
    assert.match(api.explanation, /binary-text/);
  });

  it('says so when nothing was asked for', async () => {
    await open('// nothing');
    assert.match(await explain(), /No completion has been asked for/);
  });
});
