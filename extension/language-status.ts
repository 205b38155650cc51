import * as vscode from 'vscode';

/** Whether Foretoken completes the file in front. */
export type FileState =
  | { readonly kind: 'on'; readonly multiline: boolean }
  | { readonly kind: 'off' }
  | { readonly kind: 'language-off' }
  | { readonly kind: 'excluded'; readonly pattern: string }
  | { readonly kind: 'no-document' };

/** The entry in the language status ("{}"): the state of this file. */
export class LanguageStatus implements vscode.Disposable {
  readonly #item = vscode.languages.createLanguageStatusItem('foretoken.file', { pattern: '**' });

  constructor() {
    this.#item.name = 'Foretoken';
  }

  update(state: FileState, languageId: string): void {
    const { text, detail, severity, command } = faceOf(state, languageId);
    this.#item.text = text;
    this.#item.detail = detail;
    this.#item.severity = severity;
    this.#item.command = command;
    this.#item.accessibilityInformation = { label: `${text}. ${detail}` };
  }

  /** What the item says now. */
  get text(): string {
    return this.#item.text;
  }

  dispose(): void {
    this.#item.dispose();
  }
}

interface Face {
  readonly text: string;
  readonly detail: string;
  readonly severity: vscode.LanguageStatusSeverity;
  readonly command: vscode.Command | undefined;
}

function faceOf(state: FileState, languageId: string): Face {
  const { Information, Warning } = vscode.LanguageStatusSeverity;
  switch (state.kind) {
    case 'on': {
      const detail = state.multiline
        ? vscode.l10n.t('Foretoken, several lines')
        : vscode.l10n.t('Foretoken, single lines');
      const text = vscode.l10n.t('Completion on');
      return { text, detail, severity: Information, command: toggleLanguage(false, languageId) };
    }
    case 'off': {
      const text = vscode.l10n.t('Completion off');
      const command = { title: vscode.l10n.t('Turn On'), command: 'foretoken.toggle' };
      return { text, detail: 'Foretoken', severity: Warning, command };
    }
    case 'language-off': {
      const text = vscode.l10n.t('Completion off for {0}', languageId);
      const command = toggleLanguage(true, languageId);
      return { text, detail: 'Foretoken', severity: Warning, command };
    }
    case 'excluded': {
      const text = vscode.l10n.t('Completion off: excluded file');
      const detail = vscode.l10n.t('Foretoken, pattern {0}', state.pattern);
      return { text, detail, severity: Warning, command: openExclude() };
    }
    case 'no-document': {
      const text = vscode.l10n.t('Completion off: not a document');
      return { text, detail: 'Foretoken', severity: Information, command: undefined };
    }
  }
}

function toggleLanguage(on: boolean, languageId: string): vscode.Command {
  const title = on
    ? vscode.l10n.t('Turn On for {0}', languageId)
    : vscode.l10n.t('Turn Off for {0}', languageId);
  return { title, command: 'foretoken.toggleLanguage' };
}

function openExclude(): vscode.Command {
  return {
    title: vscode.l10n.t('Open Settings'),
    command: 'workbench.action.openSettings',
    arguments: ['foretoken.exclude'],
  };
}
