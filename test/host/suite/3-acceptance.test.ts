import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { accept, closeAll, complete, engineReady, loop, open, shown, type } from './support.ts';

describe('acceptance', () => {
  before(engineReady);
  afterEach(closeAll);

  it('puts the text into the document and is counted', async () => {
    const api = await engineReady();
    const editor = await open(loop());
    const start = editor.document.getText();
    const { text, replaceLength } = shown(await complete(editor));
    assert.equal(replaceLength, 0);
    const before = api.acceptedCount;
    await accept();
    assert.equal(editor.document.getText(), start + text);
    assert.equal(api.acceptedCount, before + 1);
  });

  it('of the rest works after a part was typed', async () => {
    const editor = await open(loop());
    const start = editor.document.getText();
    const { text } = shown(await complete(editor));
    await type(text.charAt(0));
    await accept();
    assert.equal(editor.document.getText(), start + text);
  });

  it('keeps the line ends of a CRLF document', async () => {
    const editor = await open(loop());
    await editor.edit((edit) => {
      edit.setEndOfLine(vscode.EndOfLine.CRLF);
    });
    const start = editor.document.getText();
    const { text } = shown(await complete(editor));
    assert.ok(!text.includes('\r'));
    await accept();
    const expected = start + text.replace(/\n/g, '\r\n');
    assert.equal(editor.document.getText(), expected);
  });

  it('of a word leaves the rest on offer', async () => {
    const editor = await open(loop());
    const { text } = shown(await complete(editor));
    const length = editor.document.getText().length;
    await vscode.commands.executeCommand('editor.action.inlineSuggest.acceptNextWord');
    const word = editor.document.getText().slice(length);
    assert.ok(word.length > 0 && text.startsWith(word), JSON.stringify([word, text]));
  });
});
