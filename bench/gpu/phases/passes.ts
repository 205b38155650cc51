/**
 * L(n): the time of one forward pass over n rows of a tree, keeping included, for n = 1 to 64; and
 * what else a step of decoding hangs on: the first token after a prompt, and memory.
 */
import { median, percentile } from '../../../engine/core/metrics/percentiles.ts';
import { layoutTree } from '../../../engine/core/tree/layout-tree.ts';
import type { NativeContext, NativeModel } from '../../../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';
import { contextOptions, whereMeasured, type OpenDevice } from '../lib/device.ts';
import { chain } from '../lib/trees.ts';
import { promptOf } from './check.ts';

const PREFIX_TOKENS = 512;
const LENGTHS = Array.from({ length: 64 }, (_, index) => index + 1);
/** With flash attention off, and with prompt tokens in the tree: enough to see whether it matters. */
const FEW_LENGTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const PROMPT_LENGTHS = [128, 512, 2048];
const CONTEXT_LENGTH = 4096;

export interface PassOptions {
  readonly rounds: number;
  /** In a row, as steps of one size come: the first builds the graph of this shape. */
  readonly repeats: number;
  readonly lengths?: readonly number[];
}

export async function measurePasses(device: OpenDevice, path: string, options: PassOptions) {
  const loadStarted = performance.now();
  const model = await device.load(path);
  const loadMs = performance.now() - loadStarted;
  const contextLength = Math.min(CONTEXT_LENGTH, model.info.trainedContextLength);
  const open = (more: object) => model.createContext(contextOptions({ contextLength, ...more }));
  try {
    const { sizeBytes, parameterCount, vocabularySize, description } = model.info;
    const few = { ...options, lengths: options.lengths ?? FEW_LENGTHS };
    return {
      where: whereMeasured(device),
      model: { description, parameterCount, sizeBytes, vocabularySize, loadMs },
      prefixTokens: PREFIX_TOKENS,
      tokens: await withContext(await open({}), (context) =>
        curve(
          context,
          model,
          options.lengths === undefined ? { ...few, lengths: LENGTHS } : few,
          0,
        ),
      ),
      half: await withContext(await open({}), (context) => curve(context, model, few, 0.5)),
      withoutFlashAttention: await withContext(await open({ flashAttention: false }), (context) =>
        curve(context, model, few, 0),
      ),
      firstToken: await withContext(await open({}), (context) =>
        firstTokens(context, model, contextLength),
      ),
      memory: {
        plain: await withContext(await open({ sequences: 1, outputRows: 1 }), memoryOf),
        tree: await withContext(await open({}), memoryOf),
        /** One prompt token's row, as it lies in its file. */
        promptTokenBytes: 4 * model.info.embeddingLength,
      },
    };
  } finally {
    await model.dispose();
  }
}

async function withContext<T>(
  context: NativeContext,
  use: (context: NativeContext) => Promise<T>,
): Promise<T> {
  try {
    return await use(context);
  } finally {
    await context.dispose();
  }
}

function memoryOf(context: NativeContext): Promise<number> {
  return Promise.resolve(context.memoryBytes);
}

/**
 * A chain of `rows`, and below its first candidates a prompt token each, so that about the `share` of
 * the pass's rows are embeddings.
 */
function layoutOf(rows: number, share: number) {
  const prompts = Math.floor(rows * share);
  const nodes = chain(Array.from({ length: rows - prompts }, (_, index) => 300 + index));
  const counts = nodes.prompts.map((_, index) => (index < prompts ? 1 : 0));
  return layoutTree({ ...nodes, prompts: counts }, { ensemble: 1 });
}

/** Milliseconds by the number of rows. */
async function curve(
  context: NativeContext,
  model: NativeModel,
  { rounds, repeats, lengths = LENGTHS }: PassOptions,
  share: number,
) {
  const rows = await model.tokenEmbeddings(Int32Array.of(300));
  const decoder = new NativeTreeDecoder(context, { count: 1, ensemble: 1, rows });
  await decoder.prefill(promptOf(model, PREFIX_TOKENS), () => false);
  const cases = lengths.map((length) => ({
    layout: layoutOf(length, share),
    milliseconds: [] as number[],
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { layout, milliseconds } of cases) {
      for (let repeat = 0; repeat <= repeats; repeat += 1) {
        const started = performance.now();
        await decoder.forward(layout);
        decoder.keep([0]);
        if (repeat > 0) milliseconds.push(performance.now() - started);
        decoder.truncate(PREFIX_TOKENS);
      }
    }
  }
  return cases.map(({ layout, milliseconds }) => ({
    rows: layout.length,
    p10: percentile(milliseconds, 10),
    median: median(milliseconds),
    p90: percentile(milliseconds, 90),
  }));
}

/** From an empty cache, after one that warms up. */
async function firstTokens(context: NativeContext, model: NativeModel, contextLength: number) {
  const decoder = new NativeTreeDecoder(context);
  const results = [];
  for (const length of PROMPT_LENGTHS.filter((each) => each < contextLength)) {
    const prompt = promptOf(model, length);
    const milliseconds: number[] = [];
    for (let repeat = 0; repeat < 4; repeat += 1) {
      decoder.truncate(0);
      const started = performance.now();
      await decoder.prefill(prompt, () => false);
      if (repeat > 0) milliseconds.push(performance.now() - started);
    }
    results.push({ promptTokens: length, median: median(milliseconds) });
  }
  return results;
}
