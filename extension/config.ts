import * as vscode from 'vscode';
import {
  parseDocumentSettings,
  parseSettings,
  type DocumentSettings,
  type Settings,
} from './parse-settings.ts';

const SECTION = 'foretoken';

/** The settings as readonly objects, parsed once for every change and not once for every use. */
export class Config implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<Settings>();
  readonly #subscription: vscode.Disposable;
  readonly #byDocument = new Map<string, DocumentSettings>();
  #settings: Settings;
  #enabledGlobally = true;

  readonly onDidChange = this.#changed.event;

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
    this.#settings = this.#read();
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) this.#reload();
    });
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Whether completion is on where no language says otherwise. */
  get enabledGlobally(): boolean {
    return this.#enabledGlobally;
  }

  /** What a document's language and folder make of the settings. */
  forDocument(document: vscode.TextDocument): DocumentSettings {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.toString() ?? '';
    const key = `${document.languageId} ${folder}`;
    const known = this.#byDocument.get(key);
    if (known) return known;
    const section = vscode.workspace.getConfiguration(SECTION, document);
    const parsed = parseDocumentSettings((name) => section.get(name));
    this.#byDocument.set(key, parsed);
    return parsed;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #reload(): void {
    this.#byDocument.clear();
    this.#settings = this.#read();
    this.#changed.fire(this.#settings);
  }

  #read(): Settings {
    const section = vscode.workspace.getConfiguration(SECTION);
    const { settings, problems } = parseSettings((name) => section.get(name));
    this.#enabledGlobally = parseDocumentSettings((name) => section.get(name)).enabled;
    for (const problem of problems) this.#log.warn(problem);
    return settings;
  }
}
