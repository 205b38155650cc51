import * as vscode from 'vscode';
import { createEngineClient } from '../engine/client/create-engine-client.ts';
import type { ClientState, EngineClient } from '../engine/client/engine-client.ts';
import type {
  BenchOutcome,
  BenchProgress,
  BenchRequest,
  CompletionOutcome,
  CompletionRequest,
  DownloadOutcome,
  DownloadProgress,
  EngineConfiguration,
  EngineInfo,
  EngineState,
  ModelsOutcome,
  NeighbourText,
  TrainingProgress,
  TrainOutcome,
  TrainRequest,
  TuneOutcome,
  TuneProgress,
} from '../engine/protocol.ts';
import { writeEngineLog } from './log.ts';

export interface EngineFiles {
  /** Path of the engine bundle. */
  readonly entry: string;
  readonly modelsFolder: string;
}

/**
 * The engine as the extension sees it: not started before somebody needs it, configured from the
 * settings, and reloaded when they change. Restarts after a crash are the client's business.
 */
export class EngineProcess implements vscode.Disposable {
  readonly #client: EngineClient;
  readonly #stateChanged = new vscode.EventEmitter<ClientState>();
  #configuration: EngineConfiguration;
  #started = false;
  #configuring = 0;
  #requests = 0;
  #info: EngineInfo | undefined;

  readonly onDidChangeState = this.#stateChanged.event;

  constructor(
    files: EngineFiles,
    configuration: EngineConfiguration,
    log: vscode.LogOutputChannel,
  ) {
    this.#configuration = configuration;
    this.#client = createEngineClient({
      ...files,
      onState: () => {
        this.#stateChanged.fire(this.state);
      },
      onLog: (line) => {
        writeEngineLog(log, line);
      },
    });
  }

  /** Until a new configuration is answered, what the client says is of the old one. */
  get state(): ClientState {
    const { state } = this.#client;
    if (this.#configuring === 0 || !isStable(state)) return state;
    return { kind: 'loading', model: this.#configuration.model ?? '', progress: 0 };
  }

  get pid(): number | undefined {
    return this.#client.pid;
  }

  /** Completions asked of the engine since the start. */
  get requests(): number {
    return this.#requests;
  }

  /** Versions, device and models, once the engine has told. */
  get info(): EngineInfo | undefined {
    return this.#info;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#configure();
  }

  configure(configuration: EngineConfiguration): void {
    if (JSON.stringify(configuration) === JSON.stringify(this.#configuration)) return;
    this.#configuration = configuration;
    if (this.#started) void this.#configure();
  }

  /** Starts the engine if need be; resolves when it serves, cannot, or nobody waits any more. */
  settled(signal: AbortSignal): Promise<ClientState> {
    this.start();
    if (isSettled(this.state) || signal.aborted) return Promise.resolve(this.state);
    return new Promise((resolve) => {
      const finish = (): void => {
        listener.dispose();
        signal.removeEventListener('abort', finish);
        resolve(this.state);
      };
      const listener = this.onDidChangeState((state) => {
        if (isSettled(state)) finish();
      });
      signal.addEventListener('abort', finish);
    });
  }

  complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionOutcome> {
    this.start();
    this.#requests += 1;
    return this.#client.complete(request, signal);
  }

  bench(
    request: BenchRequest,
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
  ): Promise<BenchOutcome> {
    return this.#client.bench(request, signal, onProgress);
  }

  /** No reason to start the engine: it gets them when it starts. */
  setNeighbourTexts(texts: readonly NeighbourText[]): void {
    this.#client.setNeighbourTexts(texts);
  }

  models(): Promise<ModelsOutcome> {
    this.start();
    return this.#client.models();
  }

  downloadModel(
    name: string,
    signal: AbortSignal,
    onProgress: (progress: DownloadProgress) => void,
  ): Promise<DownloadOutcome> {
    return this.#client.downloadModel(name, signal, onProgress);
  }

  trainPromptTokens(
    request: Omit<TrainRequest, 'trainingId'>,
    signal: AbortSignal,
    onProgress: (progress: TrainingProgress) => void,
  ): Promise<TrainOutcome> {
    return this.#client.trainPromptTokens(request, signal, onProgress);
  }

  tune(signal: AbortSignal, onProgress: (progress: TuneProgress) => void): Promise<TuneOutcome> {
    return this.#client.tune(signal, onProgress);
  }

  restart(): Promise<EngineState> {
    if (!this.#started) {
      this.#started = true;
      return this.#configure();
    }
    return this.#whileConfiguring(() => this.#client.restart());
  }

  async stop(): Promise<void> {
    await this.#client.dispose();
    this.#stateChanged.dispose();
  }

  dispose(): void {
    void this.stop();
  }

  async #configure(): Promise<EngineState> {
    const state = await this.#whileConfiguring(() => this.#client.configure(this.#configuration));
    const answer = await this.#client.info();
    if (answer.kind === 'completed') this.#info = answer.info;
    return state;
  }

  async #whileConfiguring(action: () => Promise<EngineState>): Promise<EngineState> {
    this.#configuring += 1;
    try {
      return await action();
    } finally {
      this.#configuring -= 1;
      this.#stateChanged.fire(this.state);
    }
  }
}

/** The engine stays in such a state until somebody changes it. */
function isStable({ kind }: ClientState): boolean {
  return kind === 'ready' || kind === 'failed' || kind === 'idle' || kind === 'stopped';
}

function isSettled({ kind }: ClientState): boolean {
  return kind === 'ready' || kind === 'failed' || kind === 'restarting';
}
