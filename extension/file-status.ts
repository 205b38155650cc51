import * as vscode from 'vscode';
import type { Config } from './config.ts';
import { fileState } from './file-state.ts';
import { LanguageStatus } from './language-status.ts';

/** Keeps the language status on the file in front. */
export class FileStatus implements vscode.Disposable {
  readonly #config: Config;
  readonly #status = new LanguageStatus();
  readonly #subscriptions: vscode.Disposable[];

  constructor(config: Config) {
    this.#config = config;
    const update = (): void => {
      this.#update();
    };
    this.#subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(update),
      vscode.workspace.onDidOpenTextDocument(update),
      config.onDidChange(update),
    ];
    update();
  }

  get text(): string {
    return this.#status.text;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#status.dispose();
  }

  /** A change of a document's language is told as closing and opening it. */
  #update(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document) this.#status.update(fileState(this.#config, document), document.languageId);
  }
}
