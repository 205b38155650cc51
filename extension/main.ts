import * as vscode from 'vscode';
import type { ForetokenApi } from './api.ts';
import { Benchmark } from './benchmark/benchmark.ts';
import { registerCommands } from './commands.ts';
import { CompletionFlow } from './completion-flow.ts';
import { Config } from './config.ts';
import { EngineProcess } from './engine-process.ts';
import { watchEngine } from './engine-watch.ts';
import { Explanation } from './explain.ts';
import { FailureNotice } from './failure-notice.ts';
import { Feedback } from './feedback.ts';
import { FileStatus } from './file-status.ts';
import { HostWork } from './host-work.ts';
import { createLog } from './log.ts';
import { NeighbourWatch } from './neighbour-watch.ts';
import { ProviderRegistration } from './provider-registration.ts';
import { CompletionProvider } from './provider.ts';
import { ReportDocuments } from './report-documents.ts';
import { selectModel } from './select-model.ts';
import { trainPromptTokens } from './train-prompt-tokens.ts';
import { tuneDecoding } from './tune-decoding.ts';
import { TypingRhythm } from './typing-rhythm.ts';
import { watchTyping } from './typing-watch.ts';
import { wait } from './wait.ts';

/** Wiring only: makes the parts and says who hears of what. */
export function activate(context: vscode.ExtensionContext): ForetokenApi {
  const log = createLog();
  const config = new Config(log);
  const entry = vscode.Uri.joinPath(context.extensionUri, 'dist', 'engine.cjs').fsPath;
  const modelsFolder = vscode.Uri.joinPath(context.globalStorageUri, 'models').fsPath;
  const engine = new EngineProcess({ entry, modelsFolder }, config.settings.engine, log);
  const notice = new FailureNotice();
  const hostWork = new HostWork();
  const rhythm = new TypingRhythm();
  const flow = new CompletionFlow({ engine, rhythm, wait, now: () => performance.now() });
  const feedback = new Feedback({ config, notice, log, engineState: () => engine.state });
  const fileStatus = new FileStatus(config);
  const reports = new ReportDocuments();
  const explanation = new Explanation(engine, reports);
  const provider = new CompletionProvider({
    config,
    flow,
    hostWork,
    onDecision: (decision, document) => {
      feedback.record(decision, document);
    },
  });
  const registration = new ProviderRegistration(provider);
  const benchmark = new Benchmark({
    engine,
    config,
    extension: context.extensionUri,
    storage: context.globalStorageUri,
    log,
  });
  let acceptedCount = 0;

  context.subscriptions.push(
    log,
    config,
    feedback,
    fileStatus,
    reports,
    benchmark,
    engine,
    watchTyping(rhythm),
    new NeighbourWatch({ config, engine }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      flow.closed(uri.toString());
      feedback.decisions.closed(uri.toString());
    }),
    registration,
    watchEngine({ engine, config, flow, feedback, notice, registration, log }),
    registerCommands({
      explain: () => {
        const uri = vscode.window.activeTextEditor?.document.uri.toString();
        return explanation.explain(uri ? feedback.decisions.lastFor(uri) : undefined);
      },
      restartEngine: () => engine.restart(),
      selectModel: (name) => selectModel(engine, config.settings.engine.model, name),
      trainPromptTokens: (steps) => trainPromptTokens(engine, config.settings.exclude, steps),
      tuneDecoding: () => tuneDecoding(engine, reports),
      runBenchmark: (choice) => benchmark.run(choice),
      showLog: () => {
        log.show();
      },
      accepted: (text) => {
        acceptedCount += 1;
        flow.accepted(text);
      },
    }),
  );
  running = engine;

  return {
    testing: {
      get decisions() {
        return feedback.decisions.all;
      },
      get latencySamplesMs() {
        return feedback.latencySamplesMs;
      },
      get hostWorkSamplesMs() {
        return hostWork.samples;
      },
      get engineState() {
        return engine.state;
      },
      get enginePid() {
        return engine.pid;
      },
      get engineRequests() {
        return engine.requests;
      },
      get acceptedCount() {
        return acceptedCount;
      },
      get failuresTold() {
        return notice.told;
      },
      get statusBarText() {
        return feedback.statusBarText;
      },
      get languageStatusText() {
        return fileStatus.text;
      },
      get inlineLatency() {
        return feedback.inlineLatency;
      },
      get explanation() {
        return explanation.report;
      },
      get benchmark() {
        return benchmark.view;
      },
    },
  };
}

let running: EngineProcess | undefined;

/** The editor waits for this: no engine outlives the extension. */
export async function deactivate(): Promise<void> {
  await running?.stop();
  running = undefined;
}
