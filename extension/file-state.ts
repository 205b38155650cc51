import * as vscode from 'vscode';
import type { Config } from './config.ts';
import type { FileState } from './language-status.ts';

/** Schemes of what looks like a document and is none: output, and the input boxes of chats. */
const NO_DOCUMENT_SCHEMES: ReadonlySet<string> = new Set([
  'output',
  'chatSessionInput',
  'chat-editing-text-model',
  'vscode-chat-input',
]);

/** Languages of output channels, whatever their scheme. */
const NO_DOCUMENT_LANGUAGES: ReadonlySet<string> = new Set(['Log', 'log']);

/** Whether this document is one that Foretoken reads and completes, and if not, why. */
export function fileState(config: Config, document: vscode.TextDocument): FileState {
  if (isNoDocument(document)) return { kind: 'no-document' };
  const { enabled, multiline } = config.forDocument(document);
  if (!enabled) return { kind: config.enabledGlobally ? 'language-off' : 'off' };
  const pattern = excludedBy(config.settings.exclude, document);
  return pattern === undefined ? { kind: 'on', multiline } : { kind: 'excluded', pattern };
}

function isNoDocument({ uri, languageId }: vscode.TextDocument): boolean {
  return NO_DOCUMENT_SCHEMES.has(uri.scheme) || NO_DOCUMENT_LANGUAGES.has(languageId);
}

/** The pattern that keeps this document out of every prompt. */
function excludedBy(
  patterns: readonly string[],
  document: vscode.TextDocument,
): string | undefined {
  return patterns.find((pattern) => vscode.languages.match({ pattern }, document) > 0);
}
