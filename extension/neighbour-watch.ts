import * as vscode from 'vscode';
import type { NeighbourText } from '../engine/protocol.ts';
import { pathInWorkspace } from './collect-context.ts';
import type { Config } from './config.ts';
import { fileState } from './file-state.ts';
import { chooseNeighbours, neighbourText } from './neighbour-text.ts';
import type { Settings } from './parse-settings.ts';

/** Editors come and go in bursts. */
const PAUSE_MS = 1000;

/** Documents remembered as recently used: some of them may be excluded or closed. */
const MOST_RECENT = 32;

export interface NeighbourWatchOptions {
  readonly config: Config;
  readonly engine: { setNeighbourTexts(texts: readonly NeighbourText[]): void };
}

/**
 * Tells the engine of the texts in open editors, a moment after one was opened, chosen, saved or
 * closed; never at a keystroke.
 */
export class NeighbourWatch implements vscode.Disposable {
  readonly #options: NeighbourWatchOptions;
  /** The line of the cursor, by document; the most recently used last. */
  readonly #recent = new Map<vscode.TextDocument, number>();
  readonly #subscriptions: vscode.Disposable;
  #front: vscode.TextEditor | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  constructor(options: NeighbourWatchOptions) {
    this.#options = options;
    const later = (): void => {
      this.#later();
    };
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(later),
      vscode.window.onDidChangeVisibleTextEditors(later),
      vscode.workspace.onDidSaveTextDocument(later),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#recent.delete(document);
        later();
      }),
      options.config.onDidChange(later),
    );
    later();
  }

  dispose(): void {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
  }

  #later(): void {
    this.#remember();
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(this.#round), PAUSE_MS);
  }

  /** The editor that is left still tells where its cursor is. */
  #remember(): void {
    const active = vscode.window.activeTextEditor;
    const editors = [this.#front, ...vscode.window.visibleTextEditors, active];
    for (const editor of editors) {
      if (editor === undefined || editor.document.isClosed) continue;
      this.#recent.delete(editor.document);
      this.#recent.set(editor.document, editor.selection.active.line);
    }
    this.#front = active;
    for (const document of [...this.#recent.keys()].slice(0, -MOST_RECENT)) {
      this.#recent.delete(document);
    }
  }

  /** One document a turn, so that a keystroke never waits for more than one. */
  async #tell(round: number): Promise<void> {
    this.#remember();
    const { config, engine } = this.#options;
    const texts: NeighbourText[] = [];
    for (const { document, line } of this.#chosen(config)) {
      if (document.isClosed) continue;
      const text = neighbourText(openDocument(document, line));
      if (text !== null) texts.push(text);
      await new Promise((resolve) => setTimeout(resolve));
      if (round !== this.#round) return;
    }
    engine.setNeighbourTexts(texts);
  }

  /** Only what Foretoken may complete may it read. */
  #chosen(config: Config): readonly RecentDocument[] {
    if (!looksUp(config.settings)) return [];
    const recent = [...this.#recent].map(([document, line]) => {
      return { document, languageId: document.languageId, line };
    });
    return chooseNeighbours(recent.reverse(), ({ document }) => {
      return !document.isClosed && fileState(config, document).kind === 'on';
    });
  }
}

interface RecentDocument {
  readonly document: vscode.TextDocument;
  readonly languageId: string;
  /** Of the cursor. */
  readonly line: number;
}

function looksUp({ mode, tree }: Settings): boolean {
  return mode === 'auto' || (mode === 'manual' && tree.ngram);
}

function openDocument(document: vscode.TextDocument, cursorLine: number) {
  return {
    path: pathInWorkspace(document.uri),
    languageId: document.languageId,
    lineCount: document.lineCount,
    cursorLine,
    lineLength: (line: number) => document.lineAt(line).range.end.character,
    textOf: (start: number, end: number) => document.getText(new vscode.Range(start, 0, end, 0)),
  };
}
