import {
  CancellationTokenSource,
  type CancellationToken,
  type MessageConnection,
} from 'vscode-jsonrpc';
import {
  bench,
  benchProgress,
  complete,
  configure,
  downloadModel,
  downloadProgress,
  info,
  log,
  models,
  neighbourTexts,
  partialCompletion,
  stateChanged,
  tune,
  tuneProgress,
  trainingProgress,
  trainPromptTokens,
  type BenchOutcome,
  type BenchProgress,
  type BenchRequest,
  type CompletionOutcome,
  type CompletionRequest,
  type DownloadOutcome,
  type DownloadProgress,
  type EngineConfiguration,
  type EngineError,
  type EngineState,
  type InfoOutcome,
  type ModelsOutcome,
  type NeighbourText,
  type TuneOutcome,
  type TuneProgress,
  type TrainingProgress,
  type TrainOutcome,
  type TrainRequest,
} from '../protocol.ts';
import { backoffDelayMs, HEALTHY_AFTER_MS, MAX_ATTEMPTS } from './backoff.ts';
import type { ClientState, EngineClient, EngineClientOptions } from './engine-client.ts';
import { startEngineProcess, type EngineProcess } from './engine-process.ts';

interface Failed {
  readonly kind: 'failed';
  readonly error: EngineError;
}

export function createEngineClient(options: EngineClientOptions): EngineClient {
  return new ForkedEngine(options);
}

class ForkedEngine implements EngineClient {
  readonly #options: EngineClientOptions;
  readonly #partials = new Map<number, (text: string) => void>();
  #process: EngineProcess | undefined;
  #configuration: EngineConfiguration | undefined;
  #state: ClientState = { kind: 'stopped' };
  #deaths = 0;
  #startedAt = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #lastStreamId = 0;
  readonly #downloads = new Map<number, (progress: DownloadProgress) => void>();
  #lastDownloadId = 0;
  readonly #tunings = new Map<number, (progress: TuneProgress) => void>();
  #lastTuneId = 0;
  readonly #trainings = new Map<number, (progress: TrainingProgress) => void>();
  #lastTrainingId = 0;
  #neighbourTexts: readonly NeighbourText[] = [];
  #onBenchProgress: ((progress: BenchProgress) => void) | undefined;
  #disposed = false;

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  get state(): ClientState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async configure(configuration: EngineConfiguration): Promise<EngineState> {
    const previous = this.#configuration;
    this.#configuration = configuration;
    // A process opens one set of libraries in its life; another GPU setting may name another.
    if (previous !== undefined && previous.gpu !== configuration.gpu) return this.restart();
    if (this.#restartTimer !== undefined) return this.restart();
    return this.#sendConfiguration();
  }

  async complete(
    request: CompletionRequest,
    signal: AbortSignal,
    onPartial?: (text: string) => void,
  ): Promise<CompletionOutcome> {
    const streamId = onPartial === undefined ? null : (this.#lastStreamId += 1);
    if (streamId !== null && onPartial !== undefined) this.#partials.set(streamId, onPartial);
    try {
      return await this.#request(signal, (connection, token) =>
        connection.sendRequest(complete, { ...request, streamId }, token),
      );
    } finally {
      if (streamId !== null) this.#partials.delete(streamId);
    }
  }

  async bench(
    request: BenchRequest,
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
  ): Promise<BenchOutcome> {
    this.#onBenchProgress = onProgress;
    return this.#request(signal, (connection, token) =>
      connection.sendRequest(bench, request, token),
    );
  }

  setNeighbourTexts(texts: readonly NeighbourText[]): void {
    this.#neighbourTexts = texts;
    if (this.#process !== undefined) this.#sendNeighbourTexts(this.#process);
  }

  async info(): Promise<InfoOutcome> {
    const engine = this.#started();
    if (engine === undefined) return this.#unavailable();
    try {
      return await Promise.race([engine.connection.sendRequest(info), death(engine)]);
    } catch (error) {
      return failed(error);
    }
  }

  async models(): Promise<ModelsOutcome> {
    return this.#request(new AbortController().signal, (connection) =>
      connection.sendRequest(models),
    );
  }

  async downloadModel(
    name: string,
    signal: AbortSignal,
    onProgress?: (progress: DownloadProgress) => void,
  ): Promise<DownloadOutcome> {
    const downloadId = (this.#lastDownloadId += 1);
    if (onProgress !== undefined) this.#downloads.set(downloadId, onProgress);
    try {
      return await this.#request(signal, (connection, token) =>
        connection.sendRequest(downloadModel, { name, downloadId }, token),
      );
    } finally {
      this.#downloads.delete(downloadId);
    }
  }

  async trainPromptTokens(
    request: Omit<TrainRequest, 'trainingId'>,
    signal: AbortSignal,
    onProgress?: (progress: TrainingProgress) => void,
  ): Promise<TrainOutcome> {
    const trainingId = (this.#lastTrainingId += 1);
    if (onProgress !== undefined) this.#trainings.set(trainingId, onProgress);
    try {
      return await this.#request(signal, (connection, token) =>
        connection.sendRequest(trainPromptTokens, { ...request, trainingId }, token),
      );
    } finally {
      this.#trainings.delete(trainingId);
    }
  }

  async tune(
    signal: AbortSignal,
    onProgress?: (progress: TuneProgress) => void,
  ): Promise<TuneOutcome> {
    const tuneId = (this.#lastTuneId += 1);
    if (onProgress !== undefined) this.#tunings.set(tuneId, onProgress);
    try {
      return await this.#request(signal, (connection, token) =>
        connection.sendRequest(tune, { tuneId }, token),
      );
    } finally {
      this.#tunings.delete(tuneId);
    }
  }

  async restart(): Promise<EngineState> {
    this.#deaths = 0;
    this.#stop();
    return this.#sendConfiguration();
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const ended = this.#process?.ended;
    this.#stop();
    this.#setState({ kind: 'stopped' });
    await ended;
  }

  async #sendConfiguration(): Promise<EngineState> {
    const configuration = this.#configuration;
    const engine = this.#started();
    if (engine === undefined || configuration === undefined) return this.#unavailable();
    try {
      const answer = engine.connection.sendRequest(configure, configuration);
      return await Promise.race([answer, death(engine)]);
    } catch (error) {
      return failed(error);
    }
  }

  async #request<R>(
    signal: AbortSignal,
    send: (connection: MessageConnection, token: CancellationToken) => Promise<R>,
  ): Promise<R | Failed> {
    const engine = this.#started();
    if (engine === undefined) return this.#unavailable();
    const source = new CancellationTokenSource();
    const cancel = (): void => {
      source.cancel();
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await Promise.race([send(engine.connection, source.token), death(engine)]);
    } catch (error) {
      return failed(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      source.dispose();
    }
  }

  /** The running process, started if nothing speaks against it. */
  #started(): EngineProcess | undefined {
    if (this.#process !== undefined) return this.#process;
    if (this.#disposed || this.#restartTimer !== undefined) return undefined;
    if (this.#deaths >= MAX_ATTEMPTS) return undefined;
    const engine = startEngineProcess(this.#options, (line) => {
      this.#options.onLog?.({ level: 'warn', message: `engine: ${line}` });
    });
    this.#process = engine;
    this.#startedAt = Date.now();
    this.#listen(engine);
    if (this.#neighbourTexts.length > 0) this.#sendNeighbourTexts(engine);
    void engine.ended.then((how) => {
      if (this.#process === engine) this.#onDeath(how);
    });
    return engine;
  }

  #listen(engine: EngineProcess): void {
    const { connection } = engine;
    connection.onNotification(stateChanged, (state) => {
      if (this.#process === engine) this.#setState(state);
    });
    connection.onNotification(log, (entry) => this.#options.onLog?.(entry));
    connection.onNotification(partialCompletion, ({ streamId, text }) => {
      this.#partials.get(streamId)?.(text);
    });
    connection.onNotification(downloadProgress, (progress) => {
      this.#downloads.get(progress.downloadId)?.(progress);
    });
    connection.onNotification(trainingProgress, (progress) => {
      this.#trainings.get(progress.trainingId)?.(progress);
    });
    connection.onNotification(tuneProgress, (progress) => {
      this.#tunings.get(progress.tuneId)?.(progress);
    });
    connection.onNotification(benchProgress, (progress) => this.#onBenchProgress?.(progress));
  }

  /** A process that has just died gets them from its successor's start. */
  #sendNeighbourTexts({ connection }: EngineProcess): void {
    connection.sendNotification(neighbourTexts, this.#neighbourTexts).catch(() => undefined);
  }

  #onDeath(how: string): void {
    this.#process = undefined;
    if (Date.now() - this.#startedAt > HEALTHY_AFTER_MS) this.#deaths = 0;
    this.#deaths += 1;
    this.#options.onLog?.({ level: 'error', message: `The engine process ended: ${how}.` });
    if (this.#deaths >= MAX_ATTEMPTS) {
      this.#setState({ kind: 'failed', error: GIVEN_UP });
      return;
    }
    const delayMs = backoffDelayMs(this.#deaths);
    this.#setState({ kind: 'restarting', attempt: this.#deaths, delayMs, reason: how });
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      void this.#sendConfiguration();
    }, delayMs);
  }

  #stop(): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    const engine = this.#process;
    this.#process = undefined;
    engine?.connection.dispose();
    engine?.kill();
  }

  #unavailable(): Failed {
    if (this.#state.kind === 'failed') return this.#state;
    const message = 'The engine is restarting: completions come back in a moment.';
    return { kind: 'failed', error: { code: 'engine-unavailable', message } };
  }

  #setState(state: ClientState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }
}

const GIVEN_UP: EngineError = {
  code: 'engine-unavailable',
  message: `The engine process ended ${MAX_ATTEMPTS} times in a row and is not started again: look into the log, then use "Foretoken: Restart Engine".`,
};

async function death(engine: EngineProcess): Promise<Failed> {
  const how = await engine.ended;
  const message = `The engine process ended (${how}) and is started again.`;
  return { kind: 'failed', error: { code: 'engine-unavailable', message } };
}

function failed(error: unknown): Failed {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', error: { code: 'engine-unavailable', message } };
}
