import * as vscode from 'vscode';

/**
 * The provider, for all documents. Where the editor has an answer, even an empty one, it does not ask
 * again before the text or the cursor changes; it does when a provider is new. Renewed, therefore,
 * when an answer of before may no longer be the right one.
 */
export class ProviderRegistration implements vscode.Disposable {
  readonly #provider: vscode.InlineCompletionItemProvider;
  #registration: vscode.Disposable;

  constructor(provider: vscode.InlineCompletionItemProvider) {
    this.#provider = provider;
    this.#registration = this.#register();
  }

  renew(): void {
    this.#registration.dispose();
    this.#registration = this.#register();
  }

  dispose(): void {
    this.#registration.dispose();
  }

  #register(): vscode.Disposable {
    const everything: vscode.DocumentFilter = { pattern: '**' };
    return vscode.languages.registerInlineCompletionItemProvider(everything, this.#provider);
  }
}
