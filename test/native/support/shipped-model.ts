import { dirname } from 'node:path';
import { DecodingSetup } from '../../../engine/decoding/decoding-setup.ts';
import { findDraft } from '../../../engine/draft/find-draft.ts';
import { NativeDraft } from '../../../engine/draft/native-draft.ts';
import { findPromptTokens } from '../../../engine/prompt-tokens/find-prompt-tokens.ts';
import { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';
import type { NativeContext, NativeModel } from '../../../engine/native/addon.d.ts';
import { loadModel, scratchDirectory, SMALL_CONTEXT, trainedModelPath } from './native.ts';

/** Everything that ships for decoding: the model, its draft, and the prompt tokens of it. */
export interface ShippedModel {
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly decoder: NativeTreeDecoder;
  readonly decoding: DecodingSetup;
  dispose(): Promise<void>;
}

const ROWS = 16;
const CONTEXT = { ...SMALL_CONTEXT, contextLength: 1024, batchSize: 256, sequences: ROWS };

/**
 * Passes that cost hardly more the longer they are, as on a GPU: trees are then large and every mode
 * guesses at almost every step, whatever this machine is like.
 */
const PASS_COSTS = Array.from({ length: ROWS + 1 }, (_, n) => (n === 0 ? 0 : 1 + (n - 1) / 20));
const PROFILE = { steadyMs: PASS_COSTS, mixedMs: PASS_COSTS, plainMs: 1 };

export async function openShippedModel(): Promise<ShippedModel> {
  const path = trainedModelPath();
  const model = await loadModel(path);
  const context = await model.createContext(CONTEXT);
  const promptTokens = await shippedPromptTokens(path);
  const decoder = new NativeTreeDecoder(context, promptTokens);
  const decoding = new DecodingSetup({
    decoder,
    supportsTrees: context.supportsTrees,
    promptTokens,
    draft: await openDraft(path, model, decoder),
    profile: { chains: PROFILE, trees: PROFILE },
    backend: 'cpu',
    mostRows: ROWS,
  });
  const dispose = async (): Promise<void> => {
    await decoding.dispose();
    await context.dispose();
    await model.dispose();
  };
  return { model, context, decoder, decoding, dispose };
}

async function shippedPromptTokens(modelPath: string) {
  const { promptTokens, warning } = await findPromptTokens(modelPath, dirname(modelPath));
  if (promptTokens === null) throw new Error(warning ?? `${modelPath} has no prompt tokens.`);
  return promptTokens;
}

async function openDraft(
  targetPath: string,
  { info }: NativeModel,
  target: NativeTreeDecoder,
): Promise<NativeDraft> {
  const summary = { name: 'target', path: targetPath, sizeBytes: info.sizeBytes, embedded: true };
  const installation = { root: '', version: '', modelsFolder: scratchDirectory() };
  const { draft: found } = await findDraft('auto', summary, installation);
  if (found === null) throw new Error(`${targetPath} has no draft model.`);
  const model = await loadModel(found.path);
  const context = await model.createContext(CONTEXT);
  return new NativeDraft({
    name: found.name,
    path: found.path,
    model,
    context,
    decoder: new NativeTreeDecoder(context),
    promptTokens: null,
    target,
    latencyMs: PASS_COSTS,
    sharedTokens: info.vocabularySize,
    backend: 'cpu',
    threads: 1,
    relativeCost: 0.01,
    // What the busy machine makes of the costs is not to decide what is drafted.
    now: () => 0,
  });
}
