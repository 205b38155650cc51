import { argmax } from '../../../engine/core/decode/decoder.ts';
import { methodOfMode, methodOfSettings } from '../../../engine/core/decode/decoding-method.ts';
import type { TargetPrompts } from '../../../engine/core/decode/draft/draft-policy.ts';
import { PlainStrategy } from '../../../engine/core/decode/plain.ts';
import { DEFAULT_TREE_SETTINGS } from '../../../engine/core/decode/tree-settings.ts';
import { NgramIndex } from '../../../engine/core/tree/ngram-index.ts';
import { NativeDraft } from '../../../engine/draft/native-draft.ts';
import type { DraftMode } from '../../../engine/decoding/draft-decoding.ts';
import type { NativeContext, NativeModel } from '../../../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';
import { PROMPT_TOKENS_SUFFIX } from '../../../engine/prompt-tokens/find-prompt-tokens.ts';
import { readPromptTokens } from '../../../engine/prompt-tokens/prompt-token-file.ts';
import type { PromptTokens } from '../../../engine/prompt-tokens/prompt-tokens.ts';
import { loadModel } from './native.ts';
import { CONTEXT } from './trees.ts';

const PROMPT_TOKENS = 2;

/** A target and its draft, both with their caches; the draft is as cheap as it can be. */
export interface Pair {
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly decoder: NativeTreeDecoder;
  readonly targetPrompts: PromptTokens | null;
  readonly draft: NativeDraft;
  readonly draftModel: NativeModel;
  readonly draftContext: NativeContext;
  readonly draftDecoder: NativeTreeDecoder;
  dispose(): Promise<void>;
}

export interface PairOptions {
  readonly draftContextLength?: number;
  /** Prompt tokens as they lie beside both models; untrained ones of the draft unless told. */
  readonly trained?: boolean;
}

export async function openPair(
  targetPath: string,
  draftPath: string,
  { draftContextLength = CONTEXT.contextLength, trained = false }: PairOptions = {},
): Promise<Pair> {
  const model = await loadModel(targetPath);
  const context = await model.createContext(CONTEXT);
  const targetPrompts = trained ? await readPromptTokens(promptTokensOf(targetPath)) : null;
  const decoder = new NativeTreeDecoder(context, targetPrompts);
  const draftModel = await loadModel(draftPath);
  const draftContext = await draftModel.createContext({
    ...CONTEXT,
    contextLength: draftContextLength,
  });
  const promptTokens = await (trained
    ? readPromptTokens(promptTokensOf(draftPath))
    : untrained(draftModel));
  const draftDecoder = new NativeTreeDecoder(draftContext, promptTokens);
  const draft = new NativeDraft({
    name: 'draft',
    path: draftPath,
    model: draftModel,
    context: draftContext,
    decoder: draftDecoder,
    promptTokens,
    target: decoder,
    latencyMs: Array.from({ length: 17 }, (_, n) => 1 + n / 50),
    sharedTokens: model.info.vocabularySize,
    backend: 'cpu',
    threads: 1,
    relativeCost: 0.01,
    // What the busy machine makes of the costs is not to decide what is drafted.
    now: () => 0,
  });
  const dispose = async (): Promise<void> => {
    await draft.dispose();
    await context.dispose();
    await model.dispose();
  };
  const draftSide = { draft, draftModel, draftContext, draftDecoder };
  return { model, context, decoder, targetPrompts, ...draftSide, dispose };
}

/** Where they lie beside a model's file. */
export function promptTokensOf(modelPath: string): string {
  return modelPath.replace(/\.gguf$/, PROMPT_TOKENS_SUFFIX);
}

/** Embeddings of common tokens: whatever they guess, the text has to be the same. */
async function untrained(model: NativeModel): Promise<PromptTokens> {
  const ids = model.tokenize('\n return').slice(0, PROMPT_TOKENS);
  const weights = Array.from({ length: PROMPT_TOKENS }, () => [0, 1, 0] as const);
  return {
    count: PROMPT_TOKENS,
    ensemble: 1,
    embeddingLength: model.info.embeddingLength,
    rows: await model.tokenEmbeddings(ids),
    accuracies: weights.map(() => [0.4, 0.2, 0.1]),
    calibration: { weights },
    fingerprint: { model: '', weights: '' },
    record: {
      modelName: '',
      quantisation: '',
      steps: 0,
      trainedTokens: 0,
      seconds: 0,
      lossByDistance: [],
      untrained: [],
      device: '',
      date: '',
    },
  };
}

export interface Continued {
  readonly tokens: readonly number[];
  readonly margins: readonly number[];
  readonly steps: number;
  readonly cancelled: boolean;
}

export interface ContinueOptions {
  /** `everything`: draft, prompt tokens of both models and n-gram chains in one tree. */
  readonly mode: DraftMode | 'plain' | 'everything';
  readonly count: number;
  readonly signal?: AbortSignal;
}

const EVERYTHING = methodOfSettings({
  ...DEFAULT_TREE_SETTINGS,
  nodeBudget: 17,
  depth: 8,
  draft: true,
});

/** Rows are next to free, for the same reason as above. */
function targetPromptsOf({ targetPrompts: quality }: Pair): TargetPrompts | null {
  const costs = Array.from({ length: 18 }, (_, n) => 1 + n / 50);
  return quality && { quality, costs: { steadyMs: costs, mixedMs: costs } };
}

/** A prompt continued as the session does it. */
export async function continued(
  pair: Pair,
  prompt: readonly number[],
  { mode, count, signal = new AbortController().signal }: ContinueOptions,
): Promise<Continued> {
  const cancel = (): void => {
    pair.context.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  const tokens: number[] = [];
  const margins: number[] = [];
  let steps = 0;
  const done = (cancelled: boolean): Continued => ({ tokens, margins, steps, cancelled });
  const prefilling = pair.decoder.prefillHead(prompt, () => signal.aborted);
  const method = mode === 'plain' ? null : mode === 'everything' ? EVERYTHING : methodOfMode(mode);
  if (method !== null) pair.draft.prepare(method, prompt);
  const head = await prefilling;
  if (head === null) return done(true);
  const start = {
    prompt,
    tail: head.tail,
    choose: argmax,
    isEnd: () => false,
    languageId: '',
    signal,
  };
  const ngrams = new NgramIndex(prompt);
  const strategy =
    method === null
      ? new PlainStrategy(pair.decoder, head.tail, argmax)
      : pair.draft.strategy(method, start, ngrams, {
          policy: pair.draft.policy(method, ngrams, targetPromptsOf(pair)),
          isAsked: () => true,
        });
  while (tokens.length < count) {
    if (signal.aborted) return done(true);
    const step = await strategy.step();
    if (step.kind === 'cancelled') return done(true);
    if (step.kind === 'context-full') break;
    tokens.push(...step.tokens);
    margins.push(...step.margins);
    steps += 1;
  }
  return done(false);
}
