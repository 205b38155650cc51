import os from 'node:os';
import { EngineFailure, toEngineError } from '../engine-failure.ts';
import type { Installation } from '../installation.ts';
import { estimateMemory } from '../models/estimate-memory.ts';
import type { Backend } from '../device.ts';
import type { ModelLoad, NativeAddon, NativeContext, NativeModel } from '../native/addon.d.ts';
import { attentionOptions, sequenceOptions } from '../native/cache-options.ts';
import { findPromptTokens } from '../prompt-tokens/find-prompt-tokens.ts';
import { promptedDecoder } from '../prompt-tokens/prompted-decoder.ts';
import type { EngineConfiguration, ModelSummary } from '../protocol.ts';
import { compareVocabularies } from './compare-vocabularies.ts';
import { fitsBeside, noRoomMessage, type MemoryAtHand } from './draft-memory.ts';
import { findDraft } from './find-draft.ts';
import { MOST_DRAFT_ROWS, NativeDraft, type NativeDraftInput } from './native-draft.ts';

export interface DraftLoadInput extends Pick<
  NativeDraftInput,
  'target' | 'latencyMs' | 'backend' | 'threads'
> {
  /** As in `EngineConfiguration`. */
  readonly setting: EngineConfiguration['draft'];
  readonly summary: ModelSummary;
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly installation: Installation;
  readonly addon: NativeAddon;
  readonly libraries: Backend;
  /** Told of the load in flight, which may be aborted. */
  readonly onLoad: (load: ModelLoad) => void;
}

export interface LoadedDraft {
  readonly draft: NativeDraft | null;
  /** What the user should know, and what to do. */
  readonly warning: string | null;
}

/**
 * Finds, checks and loads the draft model; whatever is wrong with it, the model works without.
 *
 * @throws When the load is aborted.
 */
export async function loadDraft(input: DraftLoadInput): Promise<LoadedDraft> {
  if (!input.context.supportsTrees) return { draft: null, warning: null };
  const found = await findDraft(input.setting, input.summary, input.installation);
  if (found.draft === null) return { draft: null, warning: found.warning };
  try {
    return await open(found.draft, input);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'aborted') throw error;
    return { draft: null, warning: unused(found.draft.name, toEngineError(error).message) };
  }
}

async function open(summary: ModelSummary, input: DraftLoadInput): Promise<LoadedDraft> {
  const { addon, backend, libraries } = input;
  const sharedTokens = await checkVocabulary(summary, input);
  const { bytes } = await estimateMemory(summary.path, summary.sizeBytes, libraries.llama);
  const memory = await memoryAtHand(input);
  if (!fitsBeside(bytes, memory)) {
    return { draft: null, warning: noRoomMessage(summary.name, bytes, memory) };
  }
  const load = addon.loadModel({ path: summary.path, gpuLayers: backend === 'gpu' ? -1 : 0 });
  input.onLoad(load);
  const model = await load.model;
  try {
    return await create(summary, model, sharedTokens, input);
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

/**
 * Before the weights are read. It also finds out damaged files, in which node-llama-cpp's estimate
 * would lose itself.
 *
 * @returns How many ids the vocabularies share.
 */
async function checkVocabulary(
  { path }: ModelSummary,
  { addon, model, onLoad }: DraftLoadInput,
): Promise<number> {
  const load = addon.loadModel({ path, gpuLayers: 0, vocabularyOnly: true });
  onLoad(load);
  const draft = await load.model;
  try {
    const vocabularies = compareVocabularies(model, draft);
    if (vocabularies.kind === 'different') throw otherVocabulary(vocabularies.why);
    return vocabularies.shared;
  } finally {
    await draft.dispose();
  }
}

async function create(
  { name, path }: ModelSummary,
  model: NativeModel,
  sharedTokens: number,
  input: DraftLoadInput,
): Promise<LoadedDraft> {
  const { backend, threads, installation, latencyMs, target } = input;
  const context = await model.createContext({
    contextLength: Math.min(input.context.contextLength, model.info.trainedContextLength),
    batchSize: input.context.batchSize,
    threads,
    batchThreads: threads,
    sequences: MOST_DRAFT_ROWS,
    outputRows: MOST_DRAFT_ROWS,
    ...attentionOptions(backend === 'gpu'),
    ...sequenceOptions(backend === 'gpu', model.info.sizeBytes),
  });
  if (!context.supportsTrees) throw new EngineFailure('model-unsupported', CANNOT_GO_BACK);
  const found = await findPromptTokens(path, installation.modelsFolder);
  const { decoder, promptTokens, warning } = promptedDecoder(context, found);
  const draft = new NativeDraft({
    name,
    path,
    model,
    context,
    decoder,
    promptTokens,
    target,
    latencyMs,
    sharedTokens,
    backend,
    threads,
    now: () => performance.now(),
    relativeCost: Math.min(1, model.info.sizeBytes / input.model.info.sizeBytes),
  });
  return { draft, warning };
}

/** The device that the model runs on; what is loaded already is taken off. */
async function memoryAtHand({ backend, libraries }: DraftLoadInput): Promise<MemoryAtHand> {
  if (backend === 'cpu') return { freeBytes: os.freemem(), totalBytes: os.totalmem() };
  const { free, total } = await libraries.llama.getVramState();
  return { freeBytes: free, totalBytes: total };
}

const CANNOT_GO_BACK = 'It keeps a memory that cannot go back: choose another draft model.';

function otherVocabulary(why: string): EngineFailure {
  return new EngineFailure(
    'model-unsupported',
    `Its vocabulary is not the model's (${why}): choose a smaller model of the same family.`,
  );
}

function unused(name: string, reason: string): string {
  return `The draft model ${name} is not used. ${reason}`;
}
