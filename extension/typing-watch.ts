import * as vscode from 'vscode';
import type { TypingRhythm } from './typing-rhythm.ts';

/** Tells the rhythm of what the user types in the editor in front. */
export function watchTyping(rhythm: TypingRhythm): vscode.Disposable {
  return vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    const change = contentChanges[0];
    if (!change || document !== vscode.window.activeTextEditor?.document) return;
    const { version, uri } = document;
    rhythm.record({ uri: uri.toString(), version, text: change.text }, performance.now());
  });
}
