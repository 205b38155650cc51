import { assumedPassCost } from './core/tuning/pass-cost.ts';
import { DecodingSetup } from './decoding/decoding-setup.ts';
import { defaultThreads, describeDevice, type Backend } from './device.ts';
import { loadDraft, type LoadedDraft } from './draft/load-draft.ts';
import type { Installation } from './installation.ts';
import type {
  LibraryInfo,
  ModelLoad,
  NativeAddon,
  NativeContext,
  NativeModel,
} from './native/addon.d.ts';
import { attentionOptions, sequenceOptions } from './native/cache-options.ts';
import type { NativeTreeDecoder } from './native/native-tree-decoder.ts';
import { findPromptTokens } from './prompt-tokens/find-prompt-tokens.ts';
import { fingerprintModel } from './prompt-tokens/fingerprint.ts';
import type { PromptTokens } from './prompt-tokens/prompt-tokens.ts';
import { promptedDecoder } from './prompt-tokens/prompted-decoder.ts';
import type { LoadedForTraining } from './prompt-tokens/training/open-training.ts';
import type {
  EngineConfiguration,
  EngineState,
  LoadedModel,
  LogEntry,
  ModelSummary,
} from './protocol.ts';
import { Session } from './session.ts';
import { DeviceTuning } from './tuning/device-tuning.ts';

export interface Libraries {
  readonly addon: NativeAddon;
  readonly backend: Backend;
  readonly library: LibraryInfo;
}

export interface LoadModelInput {
  readonly summary: ModelSummary;
  readonly configuration: EngineConfiguration;
  readonly libraries: Libraries;
  readonly installation: Installation;
  /** Called with each load that can be aborted, the model's and its draft's. */
  readonly onLoad: (load: ModelLoad) => void;
  /** 0..1. */
  readonly onProgress: (progress: number) => void;
  readonly onLog: (entry: LogEntry) => void;
}

/** A model at work. The tuning goes first when it is disposed of: it measures in a context of it. */
export interface ModelAtWork {
  readonly session: Session;
  /** Undefined for models that cannot decode trees. */
  readonly tuning: DeviceTuning | undefined;
  readonly trainable: LoadedForTraining;
  readonly ready: Extract<EngineState, { kind: 'ready' }>;
}

/** Where a model runs, and with what room. */
interface Place extends ReturnType<typeof describeDevice> {
  readonly kind: 'cpu' | 'gpu';
  readonly threads: number;
  readonly mostRows: number;
}

/** What decoding is done with, before a session has it. */
interface Parts {
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly createContext: (contextLength: number) => Promise<NativeContext>;
  readonly decoder: NativeTreeDecoder;
  readonly promptTokens: PromptTokens | null;
  readonly draft: LoadedDraft['draft'];
  /** About prompt tokens and draft. */
  readonly warnings: readonly string[];
}

/** Tokens of one batch: llama.cpp's own default for prompts, and a cancel point on GPUs. */
const BATCH_TOKENS = 256;

/**
 * Rows of one forward pass at most: a tree wants the rows of all its nodes, and one sequence per path.
 * Plain decoding would do with one of each. GPUs take more rows at next to no cost.
 */
const MOST_ROWS = { cpu: 64, gpu: 128 } as const;

/** Loads a model with what belongs to it: prompt tokens, draft model, what is known of the device. */
export async function loadModel(input: LoadModelInput): Promise<ModelAtWork> {
  const { summary, libraries, onLoad, onProgress } = input;
  const place = placeFor(input);
  const load = libraries.addon.loadModel({
    path: summary.path,
    gpuLayers: place.gpu ? -1 : 0,
    onProgress,
  });
  onLoad(load);
  const model = await load.model;
  try {
    return await putToWork(input, place, model);
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

function placeFor({ configuration, libraries: { backend, library } }: LoadModelInput): Place {
  const threads = configuration.threads ?? defaultThreads(backend.mathCores);
  const described = describeDevice(backend, library, threads);
  const kind = described.gpu ? 'gpu' : 'cpu';
  return { ...described, kind, threads, mostRows: MOST_ROWS[kind] };
}

async function putToWork(
  input: LoadModelInput,
  place: Place,
  model: NativeModel,
): Promise<ModelAtWork> {
  const { summary, libraries, installation, onLog } = input;
  const parts = await openParts(input, place, model);
  const { context, decoder, promptTokens, draft } = parts;
  const decoding = new DecodingSetup({
    decoder,
    supportsTrees: context.supportsTrees,
    promptTokens,
    draft,
    profile: null,
    backend: place.kind,
    mostRows: place.mostRows,
  });
  return {
    session: new Session({ name: summary.name, model, context, decoder, decoding, onLog }),
    tuning: await beginTuning(input, place, parts, decoding),
    trainable: {
      addon: libraries.addon,
      model,
      summary,
      device: place.device,
      flashAttention: place.gpu,
      modelsFolder: installation.modelsFolder,
    },
    ready: describeReady(input, place, parts, decoding),
  };
}

async function openParts(
  { summary, configuration, libraries, installation, onLoad }: LoadModelInput,
  { kind, gpu, threads, mostRows }: Place,
  model: NativeModel,
): Promise<Parts> {
  const createContext = (contextLength: number): Promise<NativeContext> =>
    model.createContext({
      contextLength,
      batchSize: BATCH_TOKENS,
      threads,
      batchThreads: threads,
      sequences: mostRows,
      outputRows: mostRows,
      ...attentionOptions(gpu),
      ...sequenceOptions(gpu, model.info.sizeBytes),
    });
  const context = await createContext(
    Math.min(configuration.contextLength, model.info.trainedContextLength),
  );
  const found = await findPromptTokens(summary.path, installation.modelsFolder);
  const { decoder, promptTokens, warning } = promptedDecoder(context, found);
  const { draft, warning: draftWarning } = await loadDraft({
    setting: configuration.draft,
    summary,
    model,
    context,
    target: decoder,
    latencyMs: assumedPassCost(kind, mostRows).mixedMs,
    backend: kind,
    threads,
    installation,
    addon: libraries.addon,
    libraries: libraries.backend,
    onLoad,
  });
  const warnings = [warning, draftWarning].filter((each) => each !== null);
  return { model, context, createContext, decoder, promptTokens, draft, warnings };
}

async function beginTuning(
  { summary, libraries, installation, onLog }: LoadModelInput,
  { device, threads, mostRows }: Place,
  { model, context, createContext, promptTokens }: Parts,
  decoding: DecodingSetup,
): Promise<DeviceTuning | undefined> {
  if (!context.supportsTrees) return undefined;
  const tuning = new DeviceTuning({
    key: {
      device: device.name,
      backend: device.backend,
      threads,
      weights: (await fingerprintModel(summary.path)).weights,
      contextLength: context.contextLength,
      mostRows,
      llamaCpp: libraries.backend.release,
      version: installation.version,
    },
    model,
    createContext,
    promptTokens,
    decoding,
    modelsFolder: installation.modelsFolder,
    onLog,
  });
  await tuning.begin();
  return tuning;
}

function describeReady(
  { summary }: LoadModelInput,
  { device, warnings }: Place,
  { model: native, context, draft, warnings: more }: Parts,
  { availability }: DecodingSetup,
): ModelAtWork['ready'] {
  const model = describeModel(summary, native, context.contextLength);
  const noFim = `${summary.name} has no fill-in-the-middle tokens: text after the cursor is ignored.`;
  return {
    kind: 'ready',
    model,
    ...(draft !== null && { draft: draft.name }),
    device,
    warnings: [...warnings, ...(model.fillInMiddle ? [] : [noFim]), ...more],
    modes: availability,
  };
}

function describeModel(
  summary: ModelSummary,
  { info }: NativeModel,
  contextLength: number,
): LoadedModel {
  const { prefix, suffix, middle } = info.fimTokens;
  return {
    ...summary,
    architecture: info.architecture,
    description: info.description,
    parameterCount: info.parameterCount,
    contextLength,
    fillInMiddle: prefix !== null && suffix !== null && middle !== null,
  };
}
