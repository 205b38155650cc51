import * as vscode from 'vscode';
import type { SelectedSuggestion } from '../engine/core/completion/selected-suggestion.ts';
import { collectContext } from './collect-context.ts';
import type { Ask, CompletionFlow, FlowResult } from './completion-flow.ts';
import type { Config } from './config.ts';
import type { Decision, HostSkipReason, Outcome } from './decision.ts';
import { fileState } from './file-state.ts';
import type { HostWork, HostWorkClock } from './host-work.ts';

/** Run by the editor when a completion was accepted; not for users. */
export const ACCEPTED_COMMAND = 'foretoken.accepted';

const DEFAULT_TAB_SIZE = 4;

export interface ProviderOptions {
  readonly config: Config;
  readonly flow: CompletionFlow;
  readonly hostWork: HostWork;
  /** Told of every call, also of the ones that came to nothing. */
  readonly onDecision: (decision: Decision, document: vscode.TextDocument) => void;
}

/** The editor's side of a keystroke: turns its call into plain data, and the outcome into an item. */
export class CompletionProvider implements vscode.InlineCompletionItemProvider {
  readonly #options: ProviderOptions;
  #calls = 0;

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const startedAt = performance.now();
    const work = this.#options.hostWork.begin();
    const call: Call = { document, position, context, token };
    const result = await this.#decide(call, work);
    const items = itemsFor(result.outcome, call);
    const hostWorkMs = work.finish();
    const decision: Decision = {
      id: (this.#calls += 1),
      uri: document.uri.toString(),
      languageId: document.languageId,
      line: position.line,
      trigger: triggerOf(context),
      outcome: result.outcome,
      totalMs: performance.now() - startedAt,
      debounceMs: result.debounceMs,
      hostWorkMs,
    };
    this.#options.onDecision(decision, document);
    return items;
  }

  async #decide(call: Call, work: HostWorkClock): Promise<FlowResult> {
    const { config, flow } = this.#options;
    const skipped = hostGate(config, call);
    if (skipped) return { outcome: { kind: 'skipped', reason: skipped }, debounceMs: 0 };
    const abort = new AbortController();
    if (call.token.isCancellationRequested) abort.abort();
    const listener = call.token.onCancellationRequested(() => {
      abort.abort();
    });
    try {
      return await flow.decide(askFor(config, call, abort.signal, work));
    } finally {
      listener.dispose();
    }
  }
}

interface Call {
  readonly document: vscode.TextDocument;
  readonly position: vscode.Position;
  readonly context: vscode.InlineCompletionContext;
  readonly token: vscode.CancellationToken;
}

type HostGateReason = HostSkipReason | 'disabled' | 'language-disabled';

/** What is decided before anything of the document is read. */
function hostGate(config: Config, { document, context }: Call): HostGateReason | null {
  const state = fileState(config, document);
  switch (state.kind) {
    case 'no-document':
      return 'no-document';
    case 'off':
      return 'disabled';
    case 'language-off':
      return 'language-disabled';
    case 'excluded':
      return 'excluded-file';
    case 'on': {
      const wanted = config.settings.automatic || triggerOf(context) === 'manual';
      return wanted ? null : 'manual-only';
    }
  }
}

function askFor(config: Config, call: Call, signal: AbortSignal, work: HostWorkClock): Ask {
  const { document, position, context } = call;
  const editor = editorOf(document);
  const tabSize = editor?.options.tabSize;
  return {
    trigger: triggerOf(context),
    settings: config.settings,
    multiline: config.forDocument(document).multiline,
    indentation: {
      insertSpaces: editor?.options.insertSpaces !== false,
      tabSize: typeof tabSize === 'number' ? tabSize : DEFAULT_TAB_SIZE,
    },
    selected: selectedSuggestion(call),
    selectionCount: editor?.selections.length ?? 1,
    selectionIsEmpty: editor?.selection.isEmpty ?? true,
    version: document.version,
    snapshot: () => collectContext(document, position),
    signal,
    work,
  };
}

/** Notebook cells and input boxes may have none. */
function editorOf(document: vscode.TextDocument): vscode.TextEditor | undefined {
  const active = vscode.window.activeTextEditor;
  if (active?.document === document) return active;
  return vscode.window.visibleTextEditors.find((editor) => editor.document === document);
}

function triggerOf({ triggerKind }: vscode.InlineCompletionContext): Decision['trigger'] {
  return triggerKind === vscode.InlineCompletionTriggerKind.Invoke ? 'manual' : 'automatic';
}

function selectedSuggestion({ context, position }: Call): SelectedSuggestion | null {
  const selected = context.selectedCompletionInfo;
  if (!selected?.range.isSingleLine || !selected.range.contains(position)) return null;
  return {
    text: selected.text,
    replacesBefore: position.character - selected.range.start.character,
    replacesAfter: selected.range.end.character - position.character,
  };
}

function itemsFor(outcome: Outcome, call: Call): vscode.InlineCompletionItem[] {
  if (outcome.kind !== 'shown' || call.token.isCancellationRequested) return [];
  const selected = selectedSuggestion(call);
  const { position, context } = call;
  const range = selected ? context.selectedCompletionInfo?.range : undefined;
  const { start, end } = range ?? new vscode.Range(position, position);
  const command: vscode.Command = {
    title: vscode.l10n.t('Completion Accepted'),
    command: ACCEPTED_COMMAND,
    arguments: [outcome.text],
  };
  return [
    new vscode.InlineCompletionItem(
      (selected?.text ?? '') + outcome.text,
      new vscode.Range(start, end.translate(0, outcome.replaceLength)),
      command,
    ),
  ];
}
