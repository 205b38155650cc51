import * as vscode from 'vscode';
import { DEFAULT_TRAINING, type EngineState, type TrainOutcome } from '../engine/protocol.ts';
import type { EngineProcess } from './engine-process.ts';
import { estimatedMinutes, gainText, progressText } from './training-text.ts';

/** What the command needs of the engine. */
export type Trainer = Pick<EngineProcess, 'settled' | 'trainPromptTokens'>;

type Ready = Extract<EngineState, { kind: 'ready' }>;

/**
 * "Train Prompt Tokens for This Model": on the text of the workspace, in the background. Whoever
 * does not trust a workspace does not learn from it either.
 *
 * @param steps Takes so many steps without asking; for key bindings and tests.
 */
export async function trainPromptTokens(
  trainer: Trainer,
  exclude: readonly string[],
  steps?: number,
): Promise<TrainOutcome | undefined> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('Training reads the files of the workspace: trust it first.'),
    );
    return undefined;
  }
  const state = await trainer.settled(new AbortController().signal);
  if (state.kind !== 'ready') {
    const message =
      state.kind === 'failed'
        ? state.error.message
        : vscode.l10n.t('No model is loaded: try again in a moment.');
    void vscode.window.showErrorMessage(message);
    return undefined;
  }
  if (steps === undefined && !(await confirms(state))) return undefined;
  return train(trainer, state, exclude, { steps, resume: false });
}

async function confirms({ model, device }: Ready): Promise<boolean> {
  const minutes = estimatedMinutes(model, device.threads, DEFAULT_TRAINING.length);
  const folders = workspacePaths().length;
  const go = vscode.l10n.t('Train');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Train prompt tokens for {0}?', model.name),
    {
      modal: true,
      detail: [
        vscode.l10n.t(
          'With prompt tokens the model guesses several tokens ahead, which is faster.',
        ),
        folders === 0
          ? vscode.l10n.t('No folder is open: it learns from text that the model makes up.')
          : vscode.l10n.t(
              'It learns from the files of this workspace, except ignored and excluded ones. Nothing leaves this machine.',
            ),
        vscode.l10n.t(
          'It takes about {0} min of the processor; completions go first, and it can be cancelled.',
          minutes,
        ),
      ].join('\n\n'),
    },
    go,
  );
  return answer === go;
}

interface Run {
  readonly steps: number | undefined;
  readonly resume: boolean;
}

async function train(
  trainer: Trainer,
  state: Ready,
  exclude: readonly string[],
  run: Run,
): Promise<TrainOutcome> {
  const outcome = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Training prompt tokens for {0}', state.model.name),
      cancellable: true,
    },
    (progress, token) => follow(trainer, exclude, run, progress, token),
  );
  // Not awaited: the message may stay for hours.
  void tell(outcome).then((goesOn) =>
    goesOn ? train(trainer, state, exclude, { ...run, resume: true }) : undefined,
  );
  return outcome;
}

async function follow(
  trainer: Trainer,
  exclude: readonly string[],
  { steps, resume }: Run,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  token: vscode.CancellationToken,
): Promise<TrainOutcome> {
  const controller = new AbortController();
  const listener = token.onCancellationRequested(() => {
    controller.abort();
  });
  const { promptTokens, ensemble, length } = DEFAULT_TRAINING;
  const request = {
    ...{ promptTokens, ensemble, exclude, resume, paths: workspacePaths(), out: null },
    ...(steps === undefined ? length : { steps, minutes: null }),
  };
  let shown = 0;
  try {
    return await trainer.trainPromptTokens(request, controller.signal, (now) => {
      const percent = now.phase === 'measuring' ? 100 : 100 * now.fraction;
      const message =
        now.phase === 'preparing'
          ? vscode.l10n.t('reading')
          : now.phase === 'measuring'
            ? vscode.l10n.t('measuring')
            : progressText(now);
      progress.report({ message, increment: Math.max(0, percent - shown) });
      shown = Math.max(shown, percent);
    });
  } finally {
    listener.dispose();
  }
}

/** Whether the user wants to go on with what was cancelled. */
async function tell(outcome: TrainOutcome): Promise<boolean> {
  switch (outcome.kind) {
    case 'completed': {
      const { report } = outcome;
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          'Prompt tokens for {0} are ready. Right within ten guesses, by distance: {1}.',
          report.model,
          gainText(report),
        ),
      );
      return false;
    }
    case 'failed':
      void vscode.window.showErrorMessage(outcome.error.message);
      return false;
    case 'cancelled': {
      if (outcome.checkpoint === null) return false;
      const goOn = vscode.l10n.t('Go On');
      const answer = await vscode.window.showInformationMessage(
        vscode.l10n.t('Training was cancelled after {0} steps; they are kept.', outcome.steps),
        goOn,
      );
      return answer === goOn;
    }
  }
}

function workspacePaths(): readonly string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.flatMap(({ uri }) => (uri.scheme === 'file' ? [uri.fsPath] : []));
}
