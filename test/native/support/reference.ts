/** The same weights through node-llama-cpp's own addon: the reference for tokens and logits. */
import { getLlama, LlamaLogLevel, type LlamaModel, type Token } from 'node-llama-cpp';

export async function referenceModel(path: string): Promise<LlamaModel> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
  });
  return llama.loadModel({ modelPath: path, gpuLayers: 0 });
}

/** The model's own distribution: no candidate is cut off. */
const UNFILTERED = { temperature: 1, topK: 0, topP: 1, minP: 0 };

/** For each requested index: token id to probability of the token that follows it. */
export async function referenceProbabilities(
  model: LlamaModel,
  tokens: readonly number[],
  wanted: readonly number[],
): Promise<ReadonlyMap<number, number>[]> {
  const context = await model.createContext({
    contextSize: 512,
    batchSize: 64,
    threads: 1,
    flashAttention: false,
  });
  try {
    const results = await context
      .getSequence()
      .controlledEvaluate(
        tokens.map((token, index) =>
          wanted.includes(index)
            ? [token as Token, { generateNext: { probabilities: true, options: UNFILTERED } }]
            : (token as Token),
        ),
      );
    return wanted.map((index) => {
      const next = results[index]?.next;
      if (next === undefined) throw new Error(`No probabilities at ${index}.`);
      return next.probabilities as unknown as ReadonlyMap<number, number>;
    });
  } finally {
    await context.dispose();
  }
}
