import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, engineReady, open, loop } from './support.ts';

describe('tuning', function () {
  // Where other programs are at work, measuring takes longer.
  this.timeout(120_000);
  afterEach(closeAll);

  it('shows what every size of a step costs, and why what is chosen', async () => {
    await open(loop());
    await engineReady();
    await vscode.commands.executeCommand('foretoken.tuneDecoding');
    const document = vscode.window.activeTextEditor?.document;
    assert.deepEqual([document?.uri.scheme, document?.languageId], ['foretoken', 'markdown']);
    const text = document?.getText() ?? '';
    for (let rows = 1; rows <= 32; rows += 1) assert.match(text, new RegExp(`\\| +${rows} \\|`));
    assert.match(text, /Expected to be fastest: /);
    assert.match(text, /Mode auto starts from this|Other programs were at work/);
  });
});
