import * as vscode from 'vscode';
import { LatencyWindow } from '../engine/core/metrics/latency.ts';
import type { ClientState } from '../engine/client/engine-client.ts';
import type { Config } from './config.ts';
import { Decisions, type Decision } from './decision.ts';
import type { FailureNotice } from './failure-notice.ts';
import { concessionsText } from './concession-text.ts';
import { completionFigures, latencyText, modeText } from './figures.ts';
import { LatencyDecoration } from './latency-decoration.ts';
import { StatusBar } from './status-bar.ts';

export interface FeedbackOptions {
  readonly config: Config;
  readonly notice: FailureNotice;
  readonly log: vscode.LogOutputChannel;
  readonly engineState: () => ClientState;
}

/** Takes what the provider decided to the eyes of the user: status bar, figures, log, messages. */
export class Feedback implements vscode.Disposable {
  readonly #options: FeedbackOptions;
  readonly #statusBar = new StatusBar();
  readonly #decoration = new LatencyDecoration();
  readonly #latencies = new LatencyWindow();
  readonly decisions = new Decisions();
  #lastMs: number | undefined;
  #mode = '';

  constructor(options: FeedbackOptions) {
    this.#options = options;
    this.#mode = options.config.settings.mode;
    this.refresh();
  }

  get latencySamplesMs(): readonly number[] {
    return this.#latencies.values();
  }

  get statusBarText(): string {
    return this.#statusBar.text;
  }

  get inlineLatency(): string | undefined {
    return this.#decoration.shown;
  }

  record(decision: Decision, document: vscode.TextDocument): void {
    this.decisions.add(decision);
    this.#writeLog(decision);
    const { outcome } = decision;
    if (outcome.kind === 'failed') this.#tell(outcome.error);
    if (outcome.kind !== 'shown' || outcome.source !== 'engine' || !outcome.report) return;
    this.#lastMs = decision.totalMs;
    this.#mode = modeText(outcome.report);
    this.#latencies.add(decision.totalMs);
    this.refresh();
    const figures = completionFigures(decision.totalMs, outcome.report.timing);
    this.#decorate(decision, document, figures, concessionsText(outcome.report.concessions));
  }

  /** The engine's state or the settings have changed. */
  refresh(): void {
    const { config, engineState } = this.#options;
    if (!config.settings.latencyInline) this.#decoration.clear();
    const summary = this.#latencies.summary();
    this.#statusBar.update({
      state: engineState(),
      enabled: config.enabledGlobally,
      lastMs: config.settings.latencyInStatusBar ? this.#lastMs : undefined,
      p50Ms: summary?.p50Ms,
      p95Ms: summary?.p95Ms,
      mode: this.#mode,
    });
  }

  dispose(): void {
    this.#statusBar.dispose();
    this.#decoration.dispose();
  }

  /** That the engine is being restarted is in the status bar; it is no message of its own. */
  #tell(error: Extract<Decision['outcome'], { kind: 'failed' }>['error']): void {
    if (error.code !== 'engine-unavailable' || this.#options.engineState().kind === 'failed') {
      this.#options.notice.tell(error);
    }
  }

  #decorate(
    decision: Decision,
    document: vscode.TextDocument,
    figures: string,
    hover: string,
  ): void {
    const editor = vscode.window.activeTextEditor;
    if (!this.#options.config.settings.latencyInline || editor?.document !== document) return;
    this.#decoration.show(editor, decision.line, figures, hover);
  }

  #writeLog({ outcome, ...decision }: Decision): void {
    const { log } = this.#options;
    const reason = 'reason' in outcome ? ` ${outcome.reason}` : '';
    const source = 'source' in outcome ? ` ${outcome.source}` : '';
    const host = `${decision.hostWorkMs.toFixed(2)} ms in the host`;
    const waited = decision.debounceMs > 0 ? `, waited ${decision.debounceMs} ms` : '';
    log.debug(
      `#${decision.id} ${outcome.kind}${source}${reason} after ${latencyText(decision.totalMs)} (${host}${waited})`,
    );
    if (outcome.kind === 'shown') log.trace(`#${decision.id} ${JSON.stringify(outcome.text)}`);
    if (outcome.kind === 'failed') log.warn(`#${decision.id} ${outcome.error.message}`);
  }
}
