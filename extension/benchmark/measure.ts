import * as vscode from 'vscode';
import { BUILT_IN_PROMPTS } from '../../engine/core/bench/built-in-prompts.ts';
import type { ClientState } from '../../engine/client/engine-client.ts';
import type {
  BenchOutcome,
  BenchPrompt,
  BenchRequest,
  DecodingModeSetting,
} from '../../engine/protocol.ts';
import type { EngineProcess } from '../engine-process.ts';
import type { Settings } from '../parse-settings.ts';
import type { BenchChoice } from './choose-benchmark.ts';
import type { BenchRun } from './run-record.ts';
import { workspacePrompts } from './workspace-prompts.ts';

export type BenchEngine = Pick<EngineProcess, 'settled' | 'bench' | 'state' | 'onDidChangeState'>;

export interface MeasureInput {
  readonly engine: BenchEngine;
  readonly choice: BenchChoice;
  readonly settings: Pick<Settings, 'exclude' | 'mode' | 'tree'>;
}

/** The same places in the same files each time: runs of a workspace can be compared. */
const SEED = 1;

/** With a finished report: the modes of the choice that this model does not have. */
export type Measurement =
  | Exclude<BenchOutcome, { kind: 'completed' }>
  | (Pick<BenchRun, 'report' | 'missing' | 'measuredWith'> & { readonly kind: 'completed' });

/** Measures behind a notification that shows how far it is and can cancel. */
export async function measure(input: MeasureInput): Promise<Measurement> {
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Foretoken benchmark'),
      cancellable: true,
    },
    async (progress, token) => {
      const abort = new AbortController();
      const listener = token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        return await run(input, abort.signal, progress);
      } finally {
        listener.dispose();
      }
    },
  );
}

async function run(
  { engine, choice, settings }: MeasureInput,
  signal: AbortSignal,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
): Promise<Measurement> {
  progress.report({ message: vscode.l10n.t('getting ready') });
  const prompts = await promptsFor(choice, settings.exclude);
  if (prompts.length === 0) return { kind: 'failed', error: NOTHING_TO_CUT };
  const state = await engine.settled(signal);
  if (signal.aborted) return { kind: 'cancelled' };
  if (state.kind === 'failed') return state;
  const { maxTokens, runs } = choice;
  const { modes, missing } = modesFor(choice, settings.mode, state);
  let shown = 0;
  const request = { prompts, modes, tree: settings.tree, maxTokens, runs };
  const outcome = await engine.bench(request, signal, ({ done, total }) => {
    const percent = Math.floor((100 * done) / total);
    if (percent === shown) return;
    progress.report({ message: `${percent} %`, increment: percent - shown });
    shown = percent;
  });
  if (outcome.kind !== 'completed') return outcome;
  const draft = state.kind === 'ready' ? (state.draft ?? null) : null;
  return { ...outcome, missing, measuredWith: { tree: settings.tree, draft } };
}

/** The modes that the model has, with `manual` where the user has made settings for it. */
function modesFor(
  { modes }: BenchChoice,
  current: DecodingModeSetting,
  state: ClientState,
): Pick<BenchRequest, 'modes'> & Pick<BenchRun, 'missing'> {
  const known = state.kind === 'ready' ? state.modes : [];
  const missing = known.filter(
    ({ mode, unsupportedReason }) => unsupportedReason !== null && modes.includes(mode),
  );
  const names = new Set<string>(missing.map(({ mode }) => mode));
  if (current !== 'manual') names.add('manual');
  return { modes: modes.filter((mode) => !names.has(mode)), missing };
}

function promptsFor(
  { prompts, limit }: BenchChoice,
  exclude: readonly string[],
): Promise<readonly BenchPrompt[]> {
  if (prompts === 'workspace') return workspacePrompts({ count: limit, seed: SEED, exclude });
  return Promise.resolve(BUILT_IN_PROMPTS.slice(0, limit));
}

const NOTHING_TO_CUT = {
  code: 'invalid-request',
  message:
    'There is no source code in this workspace to cut prompts from: open a folder, or take the built-in prompts.',
} as const;
