import * as vscode from 'vscode';

const SCHEME = 'foretoken';

/** Read-only documents in Markdown, written by commands and known by their titles. */
export class ReportDocuments implements vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;

  constructor() {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.#changed.event,
      provideTextDocumentContent: ({ path }) => this.#texts.get(path) ?? '',
    });
  }

  /** Where it is on screen already, the new text replaces the old one. */
  write(title: string, text: string): void {
    const uri = uriOf(title);
    this.#texts.set(uri.path, text);
    this.#changed.fire(uri);
  }

  async show(title: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uriOf(title));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}

function uriOf(title: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md` });
}
