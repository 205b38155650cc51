import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { median } from '../../../engine/core/metrics/percentiles.ts';
import {
  closeAll,
  complete,
  engineReady,
  loop,
  open,
  placeCursor,
  shown,
  skipReason,
} from './support.ts';

/** In a text file: other extensions would be busy with such a program for minutes. */
const LINE = `const value = compute('some text of a usual length', 12345);\n`;

/** Any answer is right but a failure: what the model says is not the point. */
async function completesWithoutFailure(editor: vscode.TextEditor): Promise<void> {
  const { outcome } = await complete(editor);
  assert.notEqual(outcome.kind, 'failed', JSON.stringify(outcome));
}

describe('documents', () => {
  let folder = '';

  before(async () => {
    await engineReady();
    folder = mkdtempSync(path.join(tmpdir(), 'foretoken-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(closeAll);

  function write(name: string, content: string | Buffer): vscode.Uri {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return vscode.Uri.file(file);
  }

  async function show(uri: vscode.Uri): Promise<vscode.TextEditor> {
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  }

  it('with text from right to left', async () => {
    const editor = await open(`const שלום = 'עולם';\nconst مرحبا = 'سلام';\nconsole.log(|`);
    await completesWithoutFailure(editor);
  });

  it('with characters outside the basic plane', async () => {
    await completesWithoutFailure(await open(`const face = '😀😀';\nconst again = |`));
  });

  it('with the cursor at the very start and at the very end', async () => {
    const editor = await open(`|\n${loop().replace('|', '')}`);
    await completesWithoutFailure(editor);
    placeCursor(editor, editor.document.getText().length);
    shown(await complete(editor));
  });

  it('without any text', async () => {
    assert.equal(skipReason(await complete(await open('|'))), 'empty-prompt');
  });

  it('with several cursors are left alone', async () => {
    const editor = await open(loop());
    const [first, second] = [new vscode.Position(0, 0), new vscode.Position(3, 0)];
    editor.selections = [new vscode.Selection(first, first), new vscode.Selection(second, second)];
    assert.equal(skipReason(await complete(editor)), 'multiple-cursors');
  });

  it('that look binary are left alone', async () => {
    const editor = await open(`\0\x01\x02${'\0'.repeat(100)}|`, 'plaintext');
    assert.equal(skipReason(await complete(editor)), 'binary-text');
  });

  it('with secrets are not read', async () => {
    const api = await engineReady();
    const editor = await show(write('.env', 'TOKEN=abc\nKEY='));
    placeCursor(editor, 14);
    assert.equal(skipReason(await complete(editor)), 'excluded-file');
    assert.match(api.languageStatusText, /excluded/);
  });

  it('are excluded by the usual names of secrets, and not by similar ones', async () => {
    const patterns = vscode.workspace.getConfiguration('foretoken').get('exclude', {});
    const excluded = async (path: string): Promise<boolean> => {
      const uri = vscode.Uri.from({ scheme: 'untitled', path: `/project/${path}` });
      const document = await vscode.workspace.openTextDocument(uri);
      return Object.keys(patterns).some((glob) =>
        vscode.languages.match({ pattern: glob }, document),
      );
    };
    for (const path of [
      'a/.env',
      '.env.local',
      'x/server.key',
      '.ssh/config',
      'id_rsa',
      '.npmrc',
    ]) {
      assert.equal(await excluded(path), true, path);
    }
    for (const path of ['env.ts', 'keys.ts', 'src/secrets.ts', 'monkey.py', 'ssh/config']) {
      assert.equal(await excluded(path), false, path);
    }
  });

  it('with a minified line are left alone', async () => {
    const editor = await open(`${'x=1;'.repeat(10_000)}|`, 'javascript');
    assert.equal(skipReason(await complete(editor)), 'line-too-long');
  });

  it('of 15 MB cost a keystroke no more than small ones', async () => {
    const lines = Math.ceil(15e6 / LINE.length);
    const editor = await show(write('long.txt', LINE.repeat(lines)));
    const hostWorkMs: number[] = [];
    for (const line of [100, lines - 9, lines / 2, 200, lines / 3]) {
      placeCursor(editor, LINE.length * Math.floor(line) + 14);
      hostWorkMs.push((await complete(editor)).hostWorkMs);
    }
    console.log('host work in a document of 15 MB:', hostWorkMs);
    assert.ok((median(hostWorkMs) ?? NaN) < 5, hostWorkMs.join(' '));
  });

  it('of 24 MB are too long', async () => {
    const editor = await show(write('too-long.txt', LINE.repeat(Math.ceil(24e6 / LINE.length))));
    placeCursor(editor, 14);
    assert.equal(skipReason(await complete(editor)), 'document-too-long');
  });

  it('of 100 MB do not hold up the next editor', async () => {
    const uri = write('huge.txt', Buffer.alloc(100e6, LINE));
    // The editor may refuse such a file, and never passes it on to extensions.
    await vscode.commands.executeCommand('vscode.open', uri).then(undefined, () => undefined);
    shown(await complete(await open(loop())));
  });
});
