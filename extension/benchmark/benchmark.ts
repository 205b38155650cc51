import * as vscode from 'vscode';
import type { Config } from '../config.ts';
import { applySettings } from './apply-settings.ts';
import { bestSetting, loadedIn, type Present } from './best-setting.ts';
import { chooseBenchmark, choiceFrom, type BenchChoice } from './choose-benchmark.ts';
import { copyMarkdown, exportRun } from './export-run.ts';
import { BenchHistory } from './history.ts';
import { measure, type BenchEngine } from './measure.ts';
import { parsePageState, type PageMessage } from './messages.ts';
import { createPanel, PANEL_TYPE, ResultsPanel } from './results-panel.ts';
import { recordRun, type BenchRun } from './run-record.ts';
import { benchView } from './view-model.ts';
import type { BenchView } from './view.ts';

export interface BenchmarkOptions {
  readonly engine: BenchEngine;
  readonly config: Config;
  readonly extension: vscode.Uri;
  /** The extension's own folder. */
  readonly storage: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
}

/** "Run Benchmark" and its results page; one page, one benchmark at a time. */
export class Benchmark implements vscode.Disposable {
  readonly #options: BenchmarkOptions;
  readonly #history: BenchHistory;
  readonly #subscriptions: vscode.Disposable;
  #panel: ResultsPanel | undefined;
  #runs: readonly BenchRun[] = [];
  #shownId: string | undefined;
  #comparedId: string | null = null;
  #lastChoice: BenchChoice | undefined;
  #running = false;
  /** As of the last view: the engine tells of every step of a load. */
  #shownLoaded = '';

  constructor(options: BenchmarkOptions) {
    this.#options = options;
    this.#history = new BenchHistory(options.storage);
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(PANEL_TYPE, {
        deserializeWebviewPanel: (panel, state) => this.#restore(panel, state),
      }),
      options.config.onDidChange(() => {
        this.#show();
      }),
      options.engine.onDidChangeState(() => {
        const { loaded } = this.#present();
        if (loaded !== null && JSON.stringify(loaded) !== this.#shownLoaded) this.#show();
      }),
    );
  }

  /** What the page shows; undefined: no page, or nothing on it. */
  get view(): BenchView | undefined {
    const run = this.#shownRun();
    if (run === undefined || this.#panel === undefined) return undefined;
    return benchView({
      run,
      runs: this.#runs,
      comparedWith: this.#runs.find(({ id }) => id === this.#comparedId) ?? null,
      present: this.#present(),
    });
  }

  /** @param argument A choice to take without asking; for key bindings and tests. */
  async run(argument?: unknown): Promise<void> {
    if (this.#running) {
      void vscode.window.showInformationMessage(vscode.l10n.t('A benchmark is running already.'));
      return;
    }
    const choice = choiceFrom(argument) ?? (await chooseBenchmark());
    if (choice !== undefined) await this.#measure(choice);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async #measure(choice: BenchChoice): Promise<void> {
    this.#running = true;
    this.#lastChoice = choice;
    try {
      const { engine, config } = this.#options;
      const outcome = await measure({ engine, choice, settings: config.settings });
      if (outcome.kind === 'completed') {
        await this.#finish(recordRun({ ...outcome, prompts: choice.prompts }, new Date()));
      } else if (outcome.kind === 'failed') {
        void vscode.window.showErrorMessage(outcome.error.message);
      }
    } finally {
      this.#running = false;
    }
  }

  async #finish(run: BenchRun): Promise<void> {
    await this.#history.add(run);
    this.#runs = await this.#history.runs();
    this.#shownId = run.id;
    this.#comparedId = null;
    this.#open();
    this.#show();
  }

  #open(): void {
    const { extension } = this.#options;
    if (this.#panel === undefined) this.#use(createPanel(extension));
    else this.#panel.reveal();
  }

  #use(panel: vscode.WebviewPanel): void {
    const page = new ResultsPanel(panel, this.#options.extension, (message) => {
      void this.#answer(message);
    });
    page.onDidDispose(() => {
      if (this.#panel === page) this.#panel = undefined;
    });
    this.#panel = page;
  }

  async #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const known = parsePageState(state);
    this.#runs = await this.#history.runs();
    this.#shownId = known?.runId;
    this.#comparedId = known?.comparedId ?? null;
    this.#use(panel);
  }

  #show(): void {
    const { view } = this;
    this.#shownLoaded = JSON.stringify(this.#present().loaded);
    if (view !== undefined) this.#panel?.show(view);
  }

  #present(): Present {
    const { config, engine } = this.#options;
    const { mode, tree } = config.settings;
    return { mode, tree, loaded: loadedIn(engine.state) };
  }

  /** The newest where the one that was shown is no longer kept. */
  #shownRun(): BenchRun | undefined {
    return this.#runs.find(({ id }) => id === this.#shownId) ?? this.#runs[0];
  }

  async #answer(message: PageMessage): Promise<void> {
    const run = this.#shownRun();
    const { view } = this;
    switch (message.kind) {
      case 'ready':
        this.#show();
        break;
      case 'select':
        this.#shownId = message.runId;
        if (this.#comparedId === message.runId) this.#comparedId = null;
        this.#show();
        break;
      case 'compare':
        this.#comparedId = message.runId;
        this.#show();
        break;
      case 'runAgain':
        await this.run(this.#lastChoice);
        break;
      case 'violation':
        this.#options.log.warn(`Benchmark page: ${message.text}`);
        break;
      case 'apply':
        if (run !== undefined) await this.#apply(run);
        break;
      case 'export':
        if (run !== undefined && view) await exportRun(run, view, message.format);
        break;
      case 'copy':
        if (view !== undefined) await copyMarkdown(view);
        break;
    }
  }

  /** What the run holds for is known when the engine is there. */
  async #apply(run: BenchRun): Promise<void> {
    await this.#options.engine.settled(NEVER);
    const { settings, view } = bestSetting(run, this.#present());
    if (settings === null) this.#show();
    else await applySettings(settings, view.text);
  }
}

const NEVER = new AbortController().signal;
