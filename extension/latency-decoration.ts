import * as vscode from 'vscode';

/** How far the figures stand from the end of the line, or from the ghost text. */
const MARGIN = '0 0 0 3em';

/**
 * The figures of a completion at the end of its line ("84 ms, 61 tok/s"), in the colour of code
 * lenses. They go with the next edit or move of the cursor, as the ghost text does.
 */
export class LatencyDecoration implements vscode.Disposable {
  readonly #type = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #subscriptions: vscode.Disposable[];
  #shownIn: vscode.TextEditor | undefined;
  #figures: string | undefined;

  constructor() {
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.#shownIn?.document) this.clear();
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor === this.#shownIn) this.clear();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.clear();
      }),
    ];
  }

  /** The figures on screen; undefined when none are. */
  get shown(): string | undefined {
    return this.#figures;
  }

  /** @param hover Told when the pointer rests on the figures; empty = nothing. */
  show(editor: vscode.TextEditor, line: number, figures: string, hover = ''): void {
    this.clear();
    const end = editor.document.lineAt(line).range.end;
    const after: vscode.ThemableDecorationAttachmentRenderOptions = {
      contentText: figures,
      color: new vscode.ThemeColor('editorCodeLens.foreground'),
      // Ghost text is italic in most themes.
      fontStyle: 'normal',
      margin: MARGIN,
    };
    editor.setDecorations(this.#type, [
      {
        range: new vscode.Range(end, end),
        renderOptions: { after },
        ...(hover !== '' && { hoverMessage: hover }),
      },
    ]);
    this.#shownIn = editor;
    this.#figures = figures;
  }

  clear(): void {
    if (!this.#shownIn) return;
    // A closed editor has no decorations, and complains when it is asked to remove them.
    if (vscode.window.visibleTextEditors.includes(this.#shownIn)) {
      this.#shownIn.setDecorations(this.#type, []);
    }
    this.#shownIn = undefined;
    this.#figures = undefined;
  }

  dispose(): void {
    this.clear();
    this.#type.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
