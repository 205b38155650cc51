import * as vscode from 'vscode';
import type { ClientState } from '../engine/client/engine-client.ts';
import { deviceText, latencyText, modelText } from './figures.ts';

/** Deaths in a row after which the status bar speaks of an error rather than of a restart. */
const RESTARTS_BEFORE_ERROR = 3;

export interface StatusFacts {
  readonly state: ClientState;
  readonly enabled: boolean;
  /** Latency of the last completion; undefined: none yet, or not wanted here. */
  readonly lastMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly mode: string;
}

interface Face {
  readonly text: string;
  readonly spoken: string;
  readonly command: string;
  readonly background?: vscode.ThemeColor;
}

/** The one item in the status bar: whether the engine is there, and how fast it was last. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(
    'foretoken.status',
    vscode.StatusBarAlignment.Right,
    100,
  );

  constructor() {
    this.#item.name = 'Foretoken';
  }

  update(facts: StatusFacts): void {
    const face = faceOf(facts);
    this.#item.text = face.text;
    this.#item.accessibilityInformation = { label: face.spoken, role: 'button' };
    this.#item.command = face.command;
    this.#item.backgroundColor = face.background;
    this.#item.tooltip = tooltipOf(facts, face);
    this.#item.show();
  }

  /** What the item says now. */
  get text(): string {
    return this.#item.text;
  }

  dispose(): void {
    this.#item.dispose();
  }
}

function faceOf({ state, enabled, lastMs }: StatusFacts): Face {
  const command = 'foretoken.explain';
  if (!enabled) {
    const spoken = vscode.l10n.t('Foretoken is off');
    return { text: '$(circle-slash) Foretoken', spoken, command: 'foretoken.toggle' };
  }
  switch (state.kind) {
    case 'stopped':
    case 'idle':
      return { text: 'Foretoken', spoken: vscode.l10n.t('Foretoken: not started yet'), command };
    case 'loading': {
      const percent = Math.round(state.progress * 100);
      const spoken = vscode.l10n.t('Foretoken loads the model: {0} percent', percent);
      return { text: `$(loading~spin) Foretoken ${percent} %`, spoken, command };
    }
    case 'restarting':
      return restartingFace(state.attempt);
    case 'failed':
      return errorFace(state.error.message);
    case 'ready': {
      const latency = latencyText(lastMs);
      const spoken = latency
        ? vscode.l10n.t('Foretoken: last completion {0}', latency)
        : vscode.l10n.t('Foretoken is ready');
      return { text: latency ? `Foretoken ${latency}` : 'Foretoken', spoken, command };
    }
  }
}

function restartingFace(attempt: number): Face {
  const spoken = vscode.l10n.t('Foretoken restarts its engine, attempt {0}', attempt);
  if (attempt >= RESTARTS_BEFORE_ERROR) return errorFace(spoken);
  return { text: '$(sync~spin) Foretoken', spoken, command: 'foretoken.showLog' };
}

function errorFace(message: string): Face {
  return {
    text: '$(error) Foretoken',
    spoken: vscode.l10n.t('Foretoken error: {0}', message),
    command: 'foretoken.restartEngine',
    background: new vscode.ThemeColor('statusBarItem.errorBackground'),
  };
}

function tooltipOf(facts: StatusFacts, face: Face): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString('', true);
  tooltip.isTrusted = {
    enabledCommands: [
      'foretoken.explain',
      'foretoken.selectModel',
      'foretoken.restartEngine',
      'foretoken.showLog',
    ],
  };
  tooltip.appendText(face.spoken);
  if (facts.state.kind === 'ready') appendReady(tooltip, facts, facts.state);
  const links = [
    `[${vscode.l10n.t('Why?')}](command:foretoken.explain)`,
    `[${vscode.l10n.t('Model')}](command:foretoken.selectModel)`,
    `[${vscode.l10n.t('Restart')}](command:foretoken.restartEngine)`,
    `[${vscode.l10n.t('Log')}](command:foretoken.showLog)`,
  ];
  return tooltip.appendMarkdown(`\n\n---\n\n${links.join(' · ')}`);
}

function appendReady(
  tooltip: vscode.MarkdownString,
  facts: StatusFacts,
  state: Extract<ClientState, { kind: 'ready' }>,
): void {
  const rows: [string, string][] = [
    [vscode.l10n.t('Model'), modelText(state.model)],
    [vscode.l10n.t('Device'), deviceText(state.device)],
    [vscode.l10n.t('Mode'), facts.mode],
    ['p50 / p95', `${latencyText(facts.p50Ms) ?? '–'} / ${latencyText(facts.p95Ms) ?? '–'}`],
  ];
  tooltip.appendMarkdown('\n\n| | |\n|---|---|\n');
  for (const [name, value] of rows) {
    tooltip.appendMarkdown(`| ${name} | ${escapeCell(value)} |\n`);
  }
  for (const warning of state.warnings) {
    tooltip.appendMarkdown('\n\n$(warning) ');
    tooltip.appendText(warning);
  }
}

function escapeCell(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~-]/g, '\\$&');
}
