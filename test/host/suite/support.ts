/** The editor in a test's terms. Everything goes through commands and the stable API. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ForetokenApi, TestingApi } from '../../../extension/api.ts';
import type { Decision, Outcome } from '../../../extension/decision.ts';

export const EXTENSION_ID = 'foretoken.foretoken';

/**
 * Where every model has something to say, the cursor at the bar. Never the same text twice: what one
 * test made known must not answer the next.
 */
export function loop(): string {
  loops += 1;
  return `for (let i = 0; i < ${loops}0; i++) {
  console.log(i);
}
for (let j = 0; j < ${loops}0; j++) {
  console.log(j);
}
for (let k = 0; k < ${loops}0; |`;
}

let loops = 0;

const POLL_MS = 20;
const WAIT_LIMIT_MS = 40_000;

export async function testing(): Promise<TestingApi> {
  const extension = vscode.extensions.getExtension<ForetokenApi>(EXTENSION_ID);
  assert.ok(extension, `${EXTENSION_ID} is not installed`);
  return (await extension.activate()).testing;
}

/** Opens a document with the cursor where the text has its (only) bar. */
export async function open(text: string, language = 'typescript'): Promise<vscode.TextEditor> {
  const cursor = text.indexOf('|');
  const content = text.replace('|', '');
  const document = await vscode.workspace.openTextDocument({ language, content });
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  placeCursor(editor, cursor < 0 ? 0 : cursor);
  return editor;
}

export function placeCursor(editor: vscode.TextEditor, offset: number): void {
  const position = editor.document.positionAt(offset);
  editor.selection = new vscode.Selection(position, position);
}

export async function type(text: string): Promise<void> {
  await vscode.commands.executeCommand('type', { text });
}

/** Asks for a completion and waits for what comes of it. */
export async function complete(editor: vscode.TextEditor): Promise<Decision> {
  return decisionAfter(editor, async () => {
    await vscode.commands.executeCommand('foretoken.trigger');
  });
}

/** The first decision for the editor's document that `action` leads to and nothing cancels. */
export async function decisionAfter(
  editor: vscode.TextEditor,
  action: () => Promise<void>,
): Promise<Decision> {
  const api = await testing();
  const last = api.decisions.at(-1)?.id ?? 0;
  await action();
  const uri = editor.document.uri.toString();
  return until(`a decision for ${uri} after #${last}`, () =>
    api.decisions.find((d) => d.id > last && d.uri === uri && d.outcome.kind !== 'cancelled'),
  );
}

type Shown = Extract<Outcome, { kind: 'shown' }>;

export function shown(decision: Decision): Shown {
  const { outcome } = decision;
  assert.equal(outcome.kind, 'shown', JSON.stringify(decision));
  return outcome;
}

export function skipReason({ outcome }: Decision): string {
  assert.equal(outcome.kind, 'skipped', JSON.stringify(outcome));
  return 'reason' in outcome ? outcome.reason : '';
}

/** The editor shows an item a moment after the provider has returned it. */
export async function accept(): Promise<void> {
  const api = await testing();
  const before = api.acceptedCount;
  await until('an accepted completion', async () => {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    return api.acceptedCount > before || undefined;
  });
}

export async function set(name: string, value: unknown, languageId?: string): Promise<void> {
  const scope = languageId === undefined ? undefined : { languageId };
  const section = vscode.workspace.getConfiguration('foretoken', scope);
  const { Global } = vscode.ConfigurationTarget;
  await section.update(name, value, Global, languageId !== undefined);
}

export async function until<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const limit = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > limit) {
      const decisions = JSON.stringify((await testing()).decisions.slice(-3));
      throw new Error(`Waited in vain for ${what}. Last decisions: ${decisions}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export async function engineReady(): Promise<TestingApi> {
  const api = await testing();
  await until('a ready engine', () => api.engineState.kind === 'ready' || undefined);
  return api;
}

export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
