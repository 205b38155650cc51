import type {
  BenchOutcome,
  BenchProgress,
  BenchRequest,
  CompletionOutcome,
  CompletionRequest,
  DownloadOutcome,
  DownloadProgress,
  EngineConfiguration,
  EngineState,
  InfoOutcome,
  LogEntry,
  ModelsOutcome,
  NeighbourText,
  TuneOutcome,
  TuneProgress,
  TrainingProgress,
  TrainOutcome,
  TrainRequest,
} from '../protocol.ts';

/** What a client sees: the engine's own state, or why there is no engine to have one. */
export type ClientState =
  | EngineState
  | { readonly kind: 'stopped' }
  /** The process died; the next attempt starts after `delayMs`. */
  | {
      readonly kind: 'restarting';
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    };

export interface EngineClientOptions {
  /** Path of the engine bundle (dist/engine.cjs). */
  readonly entry: string;
  /** Where downloaded models are kept; absent = the engine's own choice (engine/models/folder.ts). */
  readonly modelsFolder?: string;
  readonly onState?: (state: ClientState) => void;
  readonly onLog?: (entry: LogEntry) => void;
}

/**
 * The engine process as seen from outside: starts it on first use, restarts it with back-off when it
 * dies (and configures it again), and turns its death into outcomes. No method rejects.
 */
export interface EngineClient {
  readonly state: ClientState;
  /** Process id while one runs. */
  readonly pid: number | undefined;
  configure(configuration: EngineConfiguration): Promise<EngineState>;
  complete(
    request: CompletionRequest,
    signal: AbortSignal,
    onPartial?: (text: string) => void,
  ): Promise<CompletionOutcome>;
  bench(
    request: BenchRequest,
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
  ): Promise<BenchOutcome>;
  /** Texts of open files, the most recently used first; a process started later gets them too. */
  setNeighbourTexts(texts: readonly NeighbourText[]): void;
  info(): Promise<InfoOutcome>;
  /** The models to choose from, with what suits this machine. */
  models(): Promise<ModelsOutcome>;
  downloadModel(
    name: string,
    signal: AbortSignal,
    onProgress?: (progress: DownloadProgress) => void,
  ): Promise<DownloadOutcome>;
  /** Trains for the loaded model; the engine then loads it again, with its new prompt tokens. */
  trainPromptTokens(
    request: Omit<TrainRequest, 'trainingId'>,
    signal: AbortSignal,
    onProgress?: (progress: TrainingProgress) => void,
  ): Promise<TrainOutcome>;
  /** Measures the device anew, between completions. */
  tune(signal: AbortSignal, onProgress?: (progress: TuneProgress) => void): Promise<TuneOutcome>;
  /** Ends the process and starts a fresh one with the last configuration. Resets the back-off. */
  restart(): Promise<EngineState>;
  dispose(): Promise<void>;
}
