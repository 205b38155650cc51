import { posix } from 'node:path';
import * as vscode from 'vscode';
import { LINE_LIMIT_CHARS } from '../engine/core/completion/gates.ts';
import { chooseWindow, type LineWindow } from '../engine/core/prompt/context-window.ts';
import { toLf, type Snapshot } from './snapshot.ts';

/** The last window of each open document: it moves seldom, so that the engine's K/V stays valid. */
const windows = new WeakMap<vscode.TextDocument, LineWindow>();

/**
 * Reads the window around the cursor, never the document: the cost does not grow with its length.
 */
export function collectContext(document: vscode.TextDocument, position: vscode.Position): Snapshot {
  const lastLine = document.lineCount - 1;
  const [start, end] = windowAround(document, position);
  return {
    uri: document.uri.toString(),
    path: pathInWorkspace(document.uri),
    languageId: document.languageId,
    prefix: toLf(document.getText(new vscode.Range(start, position))),
    suffix: toLf(document.getText(new vscode.Range(position, end))),
    cursorOffset: lfOffset(document, position),
    documentLengthChars: lfOffset(document, document.lineAt(lastLine).range.end),
    isLastLine: position.line === lastLine,
  };
}

/** Outside of the workspace the name alone: where a user keeps files is no business of the model. */
export function pathInWorkspace(uri: vscode.Uri): string {
  const inside = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  return inside ? vscode.workspace.asRelativePath(uri, false) : posix.basename(uri.path);
}

/** A line too long to be completed is not read either: the gates say so from its two ends. */
function windowAround(
  document: vscode.TextDocument,
  position: vscode.Position,
): [vscode.Position, vscode.Position] {
  const line = document.lineAt(position.line).range;
  if (line.end.character > LINE_LIMIT_CHARS) {
    const from = Math.max(0, position.character - LINE_LIMIT_CHARS - 1);
    return [position.with(undefined, from), position.translate(0, LINE_LIMIT_CHARS + 1)];
  }
  const lines = {
    lineCount: document.lineCount,
    lineLength: (index: number) => document.lineAt(index).range.end.character,
  };
  const previous = windows.get(document) ?? null;
  const window = chooseWindow(lines, position.line, undefined, previous);
  windows.set(document, window);
  return [new vscode.Position(window.start, 0), document.lineAt(window.end - 1).range.end];
}

/** The editor counts a CRLF as two characters. */
function lfOffset(document: vscode.TextDocument, position: vscode.Position): number {
  const offset = document.offsetAt(position);
  return document.eol === vscode.EndOfLine.CRLF ? offset - position.line : offset;
}
