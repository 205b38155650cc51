import * as vscode from 'vscode';
import type { LogEntry } from '../engine/protocol.ts';

/** The channel behind "Show the Log". Source text is written at trace level only, if at all. */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('Foretoken', { log: true });
}

export function writeEngineLog(log: vscode.LogOutputChannel, { level, message }: LogEntry): void {
  log[level](`[engine] ${message}`);
}
