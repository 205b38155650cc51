import * as vscode from 'vscode';
import type { ClientState } from '../engine/client/engine-client.ts';
import type { CompletionFlow } from './completion-flow.ts';
import type { Config } from './config.ts';
import type { EngineProcess } from './engine-process.ts';
import type { FailureNotice } from './failure-notice.ts';
import type { Feedback } from './feedback.ts';
import { deviceText, modelText } from './figures.ts';
import type { ProviderRegistration } from './provider-registration.ts';

export interface EngineWatchOptions {
  readonly engine: EngineProcess;
  readonly config: Config;
  readonly flow: CompletionFlow;
  readonly feedback: Feedback;
  readonly notice: FailureNotice;
  readonly registration: ProviderRegistration;
  readonly log: vscode.LogOutputChannel;
}

/**
 * Passes the engine's states and changes of the settings on to whom they concern, and starts the
 * engine once an editor is open, so that the model is there before the first keystroke.
 */
export function watchEngine(options: EngineWatchOptions): vscode.Disposable {
  const { engine, config, flow, feedback, registration } = options;
  let failed = false;
  const startForEditor = (): void => {
    if (vscode.window.activeTextEditor && config.enabledGlobally) engine.start();
  };
  startForEditor();
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(startForEditor),
    engine.onDidChangeState((state) => {
      tellState(options, state);
      feedback.refresh();
      failed ||= state.kind === 'failed' || state.kind === 'restarting';
      if (!failed || state.kind !== 'ready') return;
      failed = false;
      registration.renew();
    }),
    config.onDidChange((settings) => {
      flow.forget();
      engine.configure(settings.engine);
      feedback.refresh();
      registration.renew();
    }),
  );
}

function tellState({ log, notice }: EngineWatchOptions, state: ClientState): void {
  switch (state.kind) {
    case 'ready':
      notice.forget();
      log.info(`Ready: ${modelText(state.model)} on ${deviceText(state.device)}`);
      for (const warning of state.warnings) log.warn(warning);
      break;
    case 'failed':
      log.error(state.error.message);
      notice.tell(state.error);
      break;
    case 'restarting':
      log.warn(
        `The engine died (${state.reason}); attempt ${state.attempt} after ${state.delayMs} ms`,
      );
      break;
    case 'loading':
    case 'idle':
    case 'stopped':
      break;
  }
}
