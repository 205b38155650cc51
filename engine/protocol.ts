/**
 * Every message between the engine process and its clients (the extension, the command line).
 *
 * vscode-jsonrpc over the fork's IPC channel. Requests are answered with outcomes: cancelled and
 * skipped are values, and so are failures that a user can do something about (`EngineError`).
 * A request is cancelled through jsonrpc's own cancellation token. The latest completion request
 * wins: an earlier one still running is answered with `cancelled`.
 *
 * One file although it is long: both sides are compiled against it, and what the process says and is
 * told can be read in one place.
 */
import { NotificationType, RequestType0, RequestType } from 'vscode-jsonrpc';
import type { ModeReport } from './core/bench/report.ts';
import { DECODING_MODES, type DecodingMode } from './core/decode/decoding-mode.ts';
import type { SamplingSettings } from './core/decode/sampling.ts';
import type { Concession } from './core/latency/plan-latency.ts';
import type { TreeSettings } from './core/decode/tree-settings.ts';
import type { DeviceMeasurement } from './core/tuning/device-measurement.ts';
import type { TuningChoice, TuningRow } from './core/tuning/tuning-table.ts';

export { DECODING_MODES, type DecodingMode } from './core/decode/decoding-mode.ts';
export type { SamplingSettings } from './core/decode/sampling.ts';
export type { Concession } from './core/latency/plan-latency.ts';
export type { TreeSettings } from './core/decode/tree-settings.ts';

/** `auto` lets the engine choose; `manual` is what the request's `tree` says. */
export type DecodingModeSetting = DecodingMode | 'auto' | 'manual';
export const MODE_SETTINGS: readonly DecodingModeSetting[] = [...DECODING_MODES, 'auto', 'manual'];
/** What a completion was decoded with. */
export type UsedMode = DecodingMode | 'manual';

/** Whether the loaded model can be decoded in a mode. */
export interface ModeAvailability {
  readonly mode: DecodingMode;
  /** What is missing, and what to do; null = available. */
  readonly unsupportedReason: string | null;
}

export type GpuSetting = 'auto' | 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** What the engine runs. Sent once by `configure`; sending another reloads what changed. */
export interface EngineConfiguration {
  /** Path of a GGUF file, or the name of an installed model; null = the default embedded model. */
  readonly model: string | null;
  /** The draft model, likewise; 'auto' = the one that belongs to the model, if there is any; null = none. */
  readonly draft: string | null;
  readonly gpu: GpuSetting;
  /** CPU threads; null = the engine's choice. */
  readonly threads: number | null;
  /** Tokens of K/V cache; clamped to what the model was trained for. */
  readonly contextLength: number;
}

export const DEFAULT_CONFIGURATION: EngineConfiguration = {
  model: null,
  draft: 'auto',
  gpu: 'auto',
  threads: null,
  contextLength: 4096,
};

export type EngineErrorCode =
  | 'model-missing'
  | 'model-unreadable'
  | 'model-unsupported'
  | 'out-of-memory'
  | 'library-unreadable'
  | 'library-mismatch'
  | 'engine-unavailable'
  | 'mode-unavailable'
  | 'invalid-request'
  | 'decode-failed'
  | 'download-failed'
  | 'download-damaged'
  | 'disk-full'
  | 'training-failed';

/** A failure in the user's terms: `message` is one sentence, or two, that say what to do. */
export interface EngineError {
  readonly code: EngineErrorCode;
  readonly message: string;
}

export interface DeviceInfo {
  readonly backend: 'cpu' | 'cuda' | 'vulkan' | 'metal';
  readonly name: string;
  readonly memoryBytes: number;
  readonly threads: number;
}

export interface ModelSummary {
  /** Name to be used in settings and on the command line. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly embedded: boolean;
}

export interface ModelLicence {
  /** SPDX identifier where there is one. */
  readonly name: string;
  /** `use-restrictions` allows commercial use, but forbids some uses. */
  readonly terms: 'permissive' | 'use-restrictions' | 'non-commercial';
}

/** A model to choose from. What only a download could tell is null. */
export interface ListedModel {
  /** To be used in settings, on the command line and in `downloadModel`. */
  readonly name: string;
  readonly title: string;
  readonly source: 'embedded' | 'catalogue' | 'folder';
  readonly installed: boolean;
  /** Path of the file, once installed. */
  readonly path: string | null;
  readonly sizeBytes: number;
  /** Whether `sizeBytes` is rounded: the server knows exactly. */
  readonly sizeIsApproximate: boolean;
  /** In billions. */
  readonly parameters: number | null;
  readonly quantisation: string | null;
  readonly licence: ModelLicence | null;
  readonly fillInMiddle: 'yes' | 'prefix-only' | 'unknown';
  readonly memoryBytes: number;
  /** `file-header`: node-llama-cpp's estimate. */
  readonly memoryBasis: 'file-header' | 'rule-of-thumb';
  readonly note: string | null;
  /** Why this model suits this machine; null = not recommended. */
  readonly recommendation: string | null;
}

export interface ModelsReport {
  readonly device: DeviceInfo;
  /** Where downloads go; every GGUF file in it is listed. */
  readonly folder: string;
  readonly models: readonly ListedModel[];
}

export type ModelsOutcome =
  | { readonly kind: 'completed'; readonly report: ModelsReport }
  | { readonly kind: 'failed'; readonly error: EngineError };

export interface DownloadRequest {
  /** A `name` of the catalogue. */
  readonly name: string;
  /** Ask for `downloadProgress` notifications under this id. */
  readonly downloadId: number;
}

export interface DownloadProgress {
  readonly downloadId: number;
  readonly phase: 'downloading' | 'verifying';
  /** Of the current phase. */
  readonly doneBytes: number;
  /** Null where the server does not say. */
  readonly totalBytes: number | null;
}

/** Cancelled or failed, what has arrived is kept, and the next download goes on from there. */
export type DownloadOutcome =
  | {
      readonly kind: 'completed';
      readonly model: ModelSummary;
      /** What the file was compared with: a checksum or size that the server stated. */
      readonly verifiedBy: 'sha256' | 'size' | 'format';
    }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: EngineError };

/** The loaded model. */
export interface LoadedModel extends ModelSummary {
  readonly architecture: string;
  readonly description: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  /** Whether the vocabulary has fill-in-the-middle tokens; without them the suffix is ignored. */
  readonly fillInMiddle: boolean;
}

export interface EngineInfo {
  readonly version: string;
  /** llama.cpp release, e.g. "v0.4.0". */
  readonly llamaCpp: string;
  readonly device: DeviceInfo;
  readonly models: readonly ModelSummary[];
}

export type InfoOutcome =
  | { readonly kind: 'completed'; readonly info: EngineInfo }
  | { readonly kind: 'failed'; readonly error: EngineError };

export type EngineState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'loading'; readonly model: string; readonly progress: number }
  | {
      readonly kind: 'ready';
      readonly model: LoadedModel;
      /** Name of the draft model that is loaded beside it; absent = none. */
      readonly draft?: string;
      readonly device: DeviceInfo;
      /** Things the user should know, e.g. that the GPU was not usable and the CPU serves. */
      readonly warnings: readonly string[];
      /** Every decoding mode. */
      readonly modes: readonly ModeAvailability[];
    }
  | { readonly kind: 'failed'; readonly error: EngineError };

/** The text around the cursor, as plain data with LF line ends; the extension cuts the window. */
export interface DocumentContext {
  /** Workspace-relative path or file name; names the file where the model has tokens for it. */
  readonly path: string;
  readonly languageId: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** Text of an open file, with LF line ends; n-gram chains are looked up in it too. */
export interface NeighbourText {
  /** As in `DocumentContext`: of the completed document only what lies outside of the window counts. */
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
}

export interface CompletionRequest {
  readonly document: DocumentContext;
  readonly mode: DecodingModeSetting;
  /** For `manual`; absent = the defaults. */
  readonly tree?: TreeSettings;
  /** Fail where the mode is not available, rather than decode plainly. */
  readonly strict?: boolean;
  readonly maxTokens: number;
  /** Absent = greedy. */
  readonly sampling?: SamplingSettings;
  /** From the start of the request; once one non-blank line exists the rest is given up. Null = none. */
  readonly deadlineMs: number | null;
  /** In which the first line should be complete: context and length are chosen for it. Absent = any. */
  readonly latencyBudgetMs?: number | null;
  /** False: end with the first line. */
  readonly multiline: boolean;
  /** Ask for `partialCompletion` notifications under this id. */
  readonly streamId: number | null;
}

export type FinishReason =
  /** The model ended the text itself. */
  | 'end-of-text'
  /** A stop rule of engine/core/decode/stop.ts. */
  | 'stop-rule'
  | 'max-tokens'
  | 'deadline'
  | 'context-full';

export interface CompletionTiming {
  readonly promptTokens: number;
  /** Prompt tokens whose K/V was still there. */
  readonly reusedTokens: number;
  /** Until the first tokens were there: the pass that read the end of the prompt may have given several. */
  readonly prefillMs: number;
  /** Of all that came after them. */
  readonly decodeMs: number;
  /** Tokens that came after them. */
  readonly decodedTokens: number;
  /** Tokens generated. */
  readonly tokens: number;
  /** Forward passes that gave tokens. */
  readonly steps: number;
  readonly tokensPerStep: number;
  /** Of `decodedTokens`; 0 where there are none. */
  readonly tokensPerSecond: number;
}

export interface CompletedCompletion {
  readonly kind: 'completed';
  /** Raw text: not yet post-processed against the document. */
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly mode: UsedMode;
  /** Why it is this mode, where the request left it open or could not have its own; else null. */
  readonly modeReason: string | null;
  /** What was given up for `latencyBudgetMs`; absent = nothing. */
  readonly concessions?: readonly Concession[];
  readonly model: string;
  readonly timing: CompletionTiming;
}

export type SkipReason = 'empty-prompt' | 'binary-text';

export type CompletionOutcome =
  | CompletedCompletion
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'failed'; readonly error: EngineError };

export interface PartialCompletion {
  readonly streamId: number;
  /** All text so far. */
  readonly text: string;
}

/** A prompt of a benchmark; with `suffix` it is completed fill-in-the-middle. */
export interface BenchPrompt {
  readonly prompt: string;
  readonly suffix?: string;
  /** An editor's language id; the report breaks its figures down by it. */
  readonly language?: string;
}

export interface BenchRequest {
  readonly prompts: readonly BenchPrompt[];
  /** `plain` always runs too: it is what the others are compared with. */
  readonly modes: readonly DecodingModeSetting[];
  /** For `manual`; absent = the defaults. */
  readonly tree?: TreeSettings;
  readonly maxTokens: number;
  /** How often each prompt runs in each mode, the modes taking turns. */
  readonly runs: number;
}

export interface BenchProgress {
  readonly done: number;
  readonly total: number;
}

/** L(n) at one n. */
export interface PassLatency {
  /** Rows of the forward pass. */
  readonly rows: number;
  readonly ms: number;
}

export interface BenchReport {
  readonly device: DeviceInfo;
  readonly model: LoadedModel;
  readonly settings: {
    readonly maxTokens: number;
    readonly runs: number;
    readonly version: string;
    readonly llamaCpp: string;
  };
  readonly modes: Readonly<Record<string, ModeReport>>;
  /** L(n) of this device as the engine measured it; null = it has not. */
  readonly passLatency: readonly PassLatency[] | null;
  /** Largest resident set of the engine process since it started. */
  readonly peakMemoryBytes: number;
}

export type BenchOutcome =
  | { readonly kind: 'completed'; readonly report: BenchReport }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: EngineError };

/** Prompt tokens for the loaded model, trained on the CPU while completions go first. */
export interface TrainRequest {
  /** Ask for `trainingProgress` notifications under this id. */
  readonly trainingId: number;
  /** Absolute paths of files and folders to learn from; with none the model makes texts up. */
  readonly paths: readonly string[];
  /** Globs of files that are never read. */
  readonly exclude: readonly string[];
  /** m. */
  readonly promptTokens: number;
  /** E. */
  readonly ensemble: number;
  /** Whichever comes first ends the training; null = no such limit, but one has to be given. */
  readonly steps: number | null;
  readonly minutes: number | null;
  /** Go on from the checkpoint of a training that was cancelled; its m, E and paths count then. */
  readonly resume: boolean;
  /** The file to write; null = where the engine looks for this model's prompt tokens. */
  readonly out: string | null;
}

export const DEFAULT_TRAINING = {
  promptTokens: 3,
  ensemble: 1,
  length: { steps: 1000, minutes: 30 },
} as const;

/** Share of guesses whose truth is among the first 1, 5, 10 candidates, by distance. */
export interface GuessShares {
  readonly top1: readonly number[];
  readonly top5: readonly number[];
  readonly top10: readonly number[];
}

export interface TrainingProgress {
  readonly trainingId: number;
  readonly phase: 'preparing' | 'training' | 'measuring';
  /** 0..1. */
  readonly fraction: number;
  readonly steps: number;
  /** Null before the first step. */
  readonly secondsLeft: number | null;
  /** Mean of the last steps in nats, by distance; empty before the first. */
  readonly loss: readonly number[];
  /** On held-out text; null until measured, then the last measurement. */
  readonly guesses: GuessShares | null;
}

export interface TrainingReport {
  readonly path: string;
  readonly model: string;
  readonly promptTokens: number;
  readonly ensemble: number;
  readonly steps: number;
  readonly trainedTokens: number;
  readonly seconds: number;
  readonly lossByDistance: readonly number[];
  /** Guesses measured, at distance 1. */
  readonly positions: number;
  readonly trained: GuessShares;
  /** Of the rows that training began with. */
  readonly untrained: GuessShares;
}

export type TrainOutcome =
  | { readonly kind: 'completed'; readonly report: TrainingReport }
  /** `checkpoint` is the file that `resume` goes on from; null where nothing was trained yet. */
  | { readonly kind: 'cancelled'; readonly checkpoint: string | null; readonly steps: number }
  | { readonly kind: 'failed'; readonly error: EngineError };

export interface TuneRequest {
  /** Ask for `tuneProgress` notifications under this id. */
  readonly tuneId: number;
}

export interface TuneProgress {
  readonly done: number;
  readonly total: number;
}

/** What the device was measured to do, and what follows. */
export interface TuningResult {
  /** As measured, at each length of text. */
  readonly depths: DeviceMeasurement;
  /** A step of plain decoding, in milliseconds. */
  readonly plainMs: number;
  /** Every length of a pass, with what trees of that length are expected to come to. */
  readonly table: readonly TuningRow[];
  readonly choice: TuningChoice;
  /** False: other programs were at work, and the figures are neither kept nor used. */
  readonly quiet: boolean;
  /** Where it is kept; null = it is not. */
  readonly file: string | null;
}

export type TuneOutcome =
  | { readonly kind: 'completed'; readonly result: TuningResult }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: EngineError };

export interface LogEntry {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** Answered when the model is loaded, or could not be. */
export const configure = new RequestType<EngineConfiguration, EngineState, void>('configure');
export const complete = new RequestType<CompletionRequest, CompletionOutcome, void>('complete');
/** Completions asked for while it runs are answered with `cancelled`. */
export const bench = new RequestType<BenchRequest, BenchOutcome, void>('bench');
/** Measures the device anew. Completions interrupt it; it goes on between them. */
export const tune = new RequestType<TuneRequest, TuneOutcome, void>('tune');
export const info = new RequestType0<InfoOutcome, void>('info');
export const models = new RequestType0<ModelsOutcome, void>('models');
/** Runs beside completions: it is not in their queue. */
export const downloadModel = new RequestType<DownloadRequest, DownloadOutcome, void>(
  'downloadModel',
);
/** Runs beside completions, and gives way to them. */
export const trainPromptTokens = new RequestType<TrainRequest, TrainOutcome, void>(
  'trainPromptTokens',
);

/** Replaces all earlier ones; the most recently used first. Kept in memory alone, across models. */
export const neighbourTexts = new NotificationType<readonly NeighbourText[]>('neighbourTexts');

export const stateChanged = new NotificationType<EngineState>('stateChanged');
export const partialCompletion = new NotificationType<PartialCompletion>('partialCompletion');
export const benchProgress = new NotificationType<BenchProgress>('benchProgress');
export const downloadProgress = new NotificationType<DownloadProgress>('downloadProgress');
export const trainingProgress = new NotificationType<TrainingProgress>('trainingProgress');
export const tuneProgress = new NotificationType<TuneProgress & TuneRequest>('tuneProgress');
export const log = new NotificationType<LogEntry>('log');
