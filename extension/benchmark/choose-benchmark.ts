import * as vscode from 'vscode';
import { MODE_SETTINGS, type DecodingModeSetting } from '../../engine/protocol.ts';
import type { PromptSource } from './run-record.ts';

/** What is to be measured. */
export interface BenchChoice {
  readonly prompts: PromptSource;
  /** Prompts at most. */
  readonly limit: number;
  readonly runs: number;
  readonly maxTokens: number;
  readonly modes: readonly DecodingModeSetting[];
}

interface ChoiceItem extends vscode.QuickPickItem {
  readonly choice: BenchChoice;
}

const MAX_TOKENS = 64;
const ALL = 1000;

const BUILT_IN: BenchChoice = {
  prompts: 'built-in',
  limit: ALL,
  runs: 3,
  maxTokens: MAX_TOKENS,
  modes: MODE_SETTINGS,
};

/** Undefined when sent away. */
export async function chooseBenchmark(): Promise<BenchChoice | undefined> {
  const chosen = await vscode.window.showQuickPick(items(), {
    title: vscode.l10n.t('Foretoken: Run Benchmark'),
    placeHolder: vscode.l10n.t('What to complete, in every mode by turns'),
  });
  return chosen?.choice;
}

function items(): readonly ChoiceItem[] {
  return [
    {
      label: `$(zap) ${vscode.l10n.t('Quick look')}`,
      detail: vscode.l10n.t('12 built-in prompts, once: a first impression'),
      choice: { ...BUILT_IN, limit: 12, runs: 1 },
    },
    {
      label: `$(beaker) ${vscode.l10n.t('Built-in prompts')}`,
      detail: vscode.l10n.t('TypeScript, JavaScript and Python, three times: comparable anywhere'),
      choice: BUILT_IN,
    },
    {
      label: `$(folder) ${vscode.l10n.t('The files of this workspace')}`,
      detail: vscode.l10n.t(
        '24 places in your own code, three times. The text stays on this machine and out of the report.',
      ),
      choice: { ...BUILT_IN, prompts: 'workspace', limit: 24 },
    },
  ];
}

/** What a key binding or a test asks for, on top of the built-in prompts; undefined = ask the user. */
export function choiceFrom(argument: unknown): BenchChoice | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { prompts, limit, runs, maxTokens, modes } = argument as Record<string, unknown>;
  const known = Array.isArray(modes)
    ? MODE_SETTINGS.filter((mode) => modes.includes(mode))
    : BUILT_IN.modes;
  return {
    prompts: prompts === 'workspace' ? 'workspace' : 'built-in',
    limit: count(limit, BUILT_IN.limit),
    runs: count(runs, BUILT_IN.runs),
    maxTokens: count(maxTokens, BUILT_IN.maxTokens),
    modes: known,
  };
}

function count(value: unknown, fallback: number): number {
  return Number.isInteger(value) && Number(value) > 0 ? Number(value) : fallback;
}
