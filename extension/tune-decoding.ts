import * as vscode from 'vscode';
import type { TuneOutcome, TuningResult } from '../engine/protocol.ts';
import type { EngineProcess } from './engine-process.ts';
import type { ReportDocuments } from './report-documents.ts';
import { tuningReport, type TunedPlace } from './tuning-report.ts';

/** What the command needs of the engine. */
export type Tuner = Pick<EngineProcess, 'settled' | 'tune'>;

type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** With what was measured. */
type Tuned =
  | Exclude<TuneOutcome, { kind: 'completed' }>
  | { readonly kind: 'completed'; readonly place: TunedPlace; readonly result: TuningResult };

const TITLE = 'Decoding on this device';

/**
 * "Tune Decoding for This Device": measures what every size of a step costs, and shows what each
 * method promises for it and which one is expected to be fastest.
 */
export async function tuneDecoding(tuner: Tuner, reports: ReportDocuments): Promise<void> {
  const outcome = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Measuring this device'),
      cancellable: true,
    },
    (progress, token) => follow(tuner, progress, token),
  );
  if (outcome.kind === 'failed') void vscode.window.showErrorMessage(outcome.error.message);
  if (outcome.kind !== 'completed') return;
  reports.write(TITLE, tuningReport(outcome.place, outcome.result));
  await reports.show(TITLE);
}

async function follow(
  tuner: Tuner,
  progress: Progress,
  token: vscode.CancellationToken,
): Promise<Tuned> {
  const abort = new AbortController();
  const listener = token.onCancellationRequested(() => {
    abort.abort();
  });
  try {
    return await measure(tuner, abort.signal, progress);
  } finally {
    listener.dispose();
  }
}

async function measure(tuner: Tuner, signal: AbortSignal, progress: Progress): Promise<Tuned> {
  const cancelled = (): boolean => signal.aborted;
  const state = await tuner.settled(signal);
  if (cancelled()) return { kind: 'cancelled' };
  if (state.kind === 'failed') return state;
  if (state.kind !== 'ready') return RESTARTED;
  let shown = 0;
  const outcome = await tuner.tune(signal, ({ done, total }) => {
    const percent = Math.floor((100 * done) / total);
    if (percent <= shown) return;
    progress.report({ message: `${percent} %`, increment: percent - shown });
    shown = percent;
  });
  if (outcome.kind === 'completed') return { ...outcome, place: state };
  return outcome.kind === 'cancelled' && !cancelled() ? RESTARTED : outcome;
}

const RESTARTED = {
  kind: 'failed',
  error: {
    code: 'engine-unavailable',
    message: 'The engine was restarted, or loads another model: measure again in a moment.',
  },
} as const;
