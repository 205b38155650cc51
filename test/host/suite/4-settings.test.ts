import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  complete,
  decisionAfter,
  engineReady,
  loop,
  open,
  set,
  shown,
  skipReason,
  type,
  until,
} from './support.ts';

async function run(command: string): Promise<void> {
  await vscode.commands.executeCommand(command);
}

describe('settings', () => {
  before(engineReady);

  afterEach(async () => {
    await set('enabled', undefined);
    await set('enabled', undefined, 'typescript');
    await set('maxTokens', 12);
    await set('automatic', undefined);
    await closeAll();
  });

  it('off and on again by command', async () => {
    const api = await engineReady();
    const editor = await open(loop());
    await run('foretoken.toggle');
    await until('the status bar', () => api.statusBarText.includes('slash') || undefined);
    assert.equal(skipReason(await complete(editor)), 'disabled');
    await run('foretoken.toggle');
    await until('the status bar', () => !api.statusBarText.includes('slash') || undefined);
    shown(await complete(editor));
  });

  it('off and on again for one language', async () => {
    const api = await engineReady();
    const editor = await open(loop());
    await run('foretoken.toggleLanguage');
    await until('the status', () => api.languageStatusText.includes('typescript') || undefined);
    assert.equal(skipReason(await complete(editor)), 'language-disabled');
    shown(await complete(await open(loop(), 'javascript')));
    await vscode.window.showTextDocument(editor.document);
    await run('foretoken.toggleLanguage');
    await until('the status', () => !api.languageStatusText.includes('typescript') || undefined);
    shown(await complete(editor));
  });

  it('take effect at once', async () => {
    const editor = await open(loop());
    await set('maxTokens', 1);
    const decision = await complete(editor);
    const { outcome } = decision;
    assert.ok('report' in outcome && outcome.report, JSON.stringify(outcome));
    assert.ok(outcome.report.timing.tokens <= 1);
  });

  it('can restrict completion to requests', async () => {
    await set('automatic', false);
    const editor = await open(loop().replace('; |', ';|'));
    const decision = await decisionAfter(editor, () => type(' '));
    assert.equal(skipReason(decision), 'manual-only');
    shown(await complete(editor));
  });
});
