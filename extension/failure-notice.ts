import * as vscode from 'vscode';
import type { EngineError } from '../engine/protocol.ts';

/**
 * Tells the user about failures: each distinct one once, until things work again. A failure that
 * repeats with every keystroke must not become a stream of messages.
 */
export class FailureNotice {
  readonly #told = new Set<string>();

  tell(error: EngineError): void {
    const key = `${error.code} ${error.message}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    void offerActions(error.message);
  }

  /** Everything works: the next failure is news again. */
  forget(): void {
    this.#told.clear();
  }

  /** Messages shown since the last success. */
  get told(): readonly string[] {
    return [...this.#told];
  }
}

async function offerActions(message: string): Promise<void> {
  const commands = new Map([
    [vscode.l10n.t('Show Log'), ['foretoken.showLog']],
    [vscode.l10n.t('Select Model'), ['foretoken.selectModel']],
    [vscode.l10n.t('Open Settings'), ['workbench.action.openSettings', 'foretoken.model']],
    [vscode.l10n.t('Restart Engine'), ['foretoken.restartEngine']],
  ] as const);
  const text = vscode.l10n.t('Foretoken cannot complete: {0}', message);
  const chosen = await vscode.window.showWarningMessage(text, ...commands.keys());
  const [command, ...args] = (chosen && commands.get(chosen)) ?? [];
  if (command) await vscode.commands.executeCommand(command, ...args);
}
