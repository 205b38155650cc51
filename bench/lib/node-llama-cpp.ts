import {
  DraftSequenceTokenPredictor,
  getLlama,
  InputLookupTokenPredictor,
  LlamaCompletion,
  type Llama,
  type LlamaContextSequence,
  type TokenPredictor,
} from 'node-llama-cpp';
import type { CompletionTask, Contender, TextMeasurement } from './contender.ts';

export interface NodeLlamaCppOptions {
  readonly modelPath: string;
  readonly threads: number;
  readonly contextSize: number;
  /** Its own ways to go faster, with the defaults it gives them. */
  readonly predictor?: { readonly draftModelPath: string } | 'lookup';
  /**
   * Complete an empty suffix as plain text. Otherwise it is a fill-in-the-middle prompt all the same,
   * as the other systems make one of it.
   */
  readonly plainWithoutSuffix?: boolean;
}

/** node-llama-cpp's own completion on the same model, libraries and threads, in this process. */
export class NodeLlamaCpp implements Contender<TextMeasurement> {
  readonly name: string;
  readonly #llama: Llama;
  readonly #sequence: LlamaContextSequence;
  readonly #completion: LlamaCompletion;
  readonly #plainWithoutSuffix: boolean;

  private constructor(llama: Llama, sequence: LlamaContextSequence, options: NodeLlamaCppOptions) {
    this.name = nameOf(options);
    this.#llama = llama;
    this.#sequence = sequence;
    this.#completion = new LlamaCompletion({ contextSequence: sequence });
    this.#plainWithoutSuffix = options.plainWithoutSuffix ?? false;
  }

  static async start(options: NodeLlamaCppOptions): Promise<NodeLlamaCpp> {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
    });
    const context = await createContext(llama, options.modelPath, options);
    const tokenPredictor = await createPredictor(llama, options);
    const sequence = context.getSequence({ ...(tokenPredictor && { tokenPredictor }) });
    return new NodeLlamaCpp(llama, sequence, options);
  }

  async reset(): Promise<void> {
    await this.#sequence.clearHistory();
  }

  async complete({
    prefix,
    suffix,
    maxTokens,
    singleLine,
  }: CompletionTask): Promise<TextMeasurement> {
    const evaluatedBefore = this.#sequence.tokenMeter.usedInputTokens;
    const started = performance.now();
    let firstTokenMs: number | undefined;
    let tokens = 0;
    const options = {
      maxTokens,
      temperature: 0,
      // On by default, it would choose other tokens than the rest does, and take time for it.
      repeatPenalty: false as const,
      ...(singleLine && { customStopTriggers: ['\n'] }),
      onToken: (all: readonly unknown[]) => {
        firstTokenMs ??= performance.now() - started;
        tokens += all.length;
      },
    };
    const text = await (suffix === '' && this.#plainWithoutSuffix
      ? this.#completion.generateCompletion(prefix, options)
      : this.#completion.generateInfillCompletion(prefix, suffix, options));
    const totalMs = performance.now() - started;
    return {
      text,
      firstTokenMs: firstTokenMs ?? totalMs,
      totalMs,
      tokens,
      decodedTokens: Math.max(0, tokens - 1),
      evaluatedTokens: this.#sequence.tokenMeter.usedInputTokens - evaluatedBefore,
    };
  }

  async dispose(): Promise<void> {
    await this.#llama.dispose();
  }
}

function nameOf({ predictor }: NodeLlamaCppOptions): string {
  if (predictor === undefined) return 'node-llama-cpp';
  return `node-llama-cpp ${predictor === 'lookup' ? 'lookup' : 'draft'}`;
}

async function createPredictor(
  llama: Llama,
  options: NodeLlamaCppOptions,
): Promise<TokenPredictor | undefined> {
  const { predictor } = options;
  if (predictor === undefined) return undefined;
  if (predictor === 'lookup') return new InputLookupTokenPredictor();
  const context = await createContext(llama, predictor.draftModelPath, options);
  return new DraftSequenceTokenPredictor(context.getSequence());
}

async function createContext(
  llama: Llama,
  modelPath: string,
  { contextSize, threads }: NodeLlamaCppOptions,
) {
  const model = await llama.loadModel({ modelPath });
  return model.createContext({ contextSize, threads, batchSize: 256, flashAttention: false });
}
