import * as vscode from 'vscode';
import type { Decision, EngineReport, Outcome } from './decision.ts';
import type { EngineProcess } from './engine-process.ts';
import { concessionText } from './concession-text.ts';
import { deviceText, latencyText, modelText, modeText, speedText } from './figures.ts';
import { outcomeSentence } from './reason-text.ts';
import type { ReportDocuments } from './report-documents.ts';

const TITLE = 'Why this completion';

/** "Why this completion, or why none?": a sentence at once, and a report behind it. */
export class Explanation {
  readonly #engine: EngineProcess;
  readonly #reports: ReportDocuments;
  #report = '';

  constructor(engine: EngineProcess, reports: ReportDocuments) {
    this.#engine = engine;
    this.#reports = reports;
  }

  /** Resolves with the sentence as soon as it is on screen. */
  explain(decision: Decision | undefined): string {
    const sentence = decision
      ? outcomeSentence(decision.outcome, decision.totalMs)
      : nothingAskedSentence();
    this.#report = this.#write(sentence, decision);
    this.#reports.write(TITLE, this.#report);
    void this.#offerReport(sentence);
    return sentence;
  }

  /** The last report, in Markdown. */
  get report(): string {
    return this.#report;
  }

  async #offerReport(sentence: string): Promise<void> {
    const details = vscode.l10n.t('Details');
    const log = vscode.l10n.t('Show Log');
    const chosen = await vscode.window.showInformationMessage(
      `Foretoken: ${sentence}`,
      details,
      log,
    );
    if (chosen === log) await vscode.commands.executeCommand('foretoken.showLog');
    if (chosen === details) await this.#reports.show(TITLE);
  }

  #write(sentence: string, decision: Decision | undefined): string {
    const rows = decision ? [...decisionRows(decision), ...this.#engineRows()] : this.#engineRows();
    const list = rows.map(([name, value]) => `- ${name}: ${value}`).join('\n');
    const text = decision?.outcome.kind === 'shown' ? fenced(decision.outcome.text) : '';
    return `# ${vscode.l10n.t('Why this completion, or why none?')}\n\n${sentence}\n\n${list}\n${text}`;
  }

  #engineRows(): Row[] {
    const { state, info } = this.#engine;
    const rows: Row[] = [[vscode.l10n.t('Engine'), state.kind]];
    if (state.kind === 'ready') {
      rows.push([vscode.l10n.t('Model'), `${modelText(state.model)}, ${state.model.architecture}`]);
      if (!state.model.fillInMiddle) {
        const text = vscode.l10n.t('not seen: the model was not made for filling in');
        rows.push([vscode.l10n.t('Text after the cursor'), text]);
      }
      if (state.draft !== undefined) rows.push([vscode.l10n.t('Draft model'), state.draft]);
      rows.push([vscode.l10n.t('Device'), deviceText(state.device)]);
      for (const warning of state.warnings) rows.push([vscode.l10n.t('Warning'), warning]);
    }
    if (info) rows.push([vscode.l10n.t('Version'), `${info.version}, llama.cpp ${info.llamaCpp}`]);
    return rows;
  }
}

type Row = readonly [name: string, value: string];

function nothingAskedSentence(): string {
  const on = vscode.workspace.getConfiguration('editor').get('inlineSuggest.enabled');
  return on === false
    ? vscode.l10n.t('editor.inlineSuggest.enabled is off: the editor asks for no completions.')
    : vscode.l10n.t('No completion has been asked for in this editor yet.');
}

function decisionRows({ outcome, ...decision }: Decision): Row[] {
  return [
    [vscode.l10n.t('Outcome'), outcomeText(outcome)],
    [vscode.l10n.t('Line'), String(decision.line + 1)],
    [vscode.l10n.t('Trigger'), decision.trigger],
    [vscode.l10n.t('Total'), latencyText(decision.totalMs)],
    [vscode.l10n.t('Waited for the next keystroke'), latencyText(decision.debounceMs)],
    [vscode.l10n.t('Work in the extension host'), `${decision.hostWorkMs.toFixed(2)} ms`],
    ...('report' in outcome && outcome.report ? reportRows(outcome.report) : []),
  ];
}

function outcomeText(outcome: Outcome): string {
  if (outcome.kind === 'shown') return `${outcome.kind}, ${outcome.source}`;
  if (outcome.kind === 'failed') return `${outcome.kind}, ${outcome.error.code}`;
  return 'reason' in outcome ? `${outcome.kind}, ${outcome.reason}` : outcome.kind;
}

function reportRows(report: EngineReport): Row[] {
  const { timing, engineMs, finishReason, concessions } = report;
  const { promptTokens, reusedTokens, prefillMs, decodeMs, tokens, steps } = timing;
  const reused = `${promptTokens} tokens, ${reusedTokens} of them known from before`;
  const decoded = `${latencyText(decodeMs)}: ${tokens} tokens in ${steps} steps (${timing.tokensPerStep.toFixed(2)} a step), ${speedText(timing.tokensPerSecond)}`;
  return [
    [vscode.l10n.t('Engine, from asking to the answer'), latencyText(engineMs)],
    [vscode.l10n.t('Prompt'), reused],
    [vscode.l10n.t('Reading'), latencyText(prefillMs)],
    [vscode.l10n.t('Decoding'), decoded],
    [vscode.l10n.t('Mode'), modeText(report)],
    [vscode.l10n.t('Ended by'), finishReason],
    ...concessions.map((each): Row => [vscode.l10n.t('Given up'), concessionText(each)]),
  ];
}

/** A fence longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `\n${fence}\n${text}\n${fence}\n`;
}
