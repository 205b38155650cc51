import { getLlama, LlamaCompletion, type Llama, type LlamaContextSequence } from 'node-llama-cpp';
import type { CompletionTask, Contender, Measurement } from './contender.ts';

/** node-llama-cpp's own completion on the same model, libraries and threads, in this process. */
export class NodeLlamaCpp implements Contender {
  readonly name = 'node-llama-cpp';
  readonly #llama: Llama;
  readonly #sequence: LlamaContextSequence;
  readonly #completion: LlamaCompletion;

  private constructor(llama: Llama, sequence: LlamaContextSequence) {
    this.#llama = llama;
    this.#sequence = sequence;
    this.#completion = new LlamaCompletion({ contextSequence: sequence });
  }

  static async start(
    modelPath: string,
    threads: number,
    contextSize: number,
  ): Promise<NodeLlamaCpp> {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
    });
    const model = await llama.loadModel({ modelPath });
    const context = await model.createContext({
      contextSize,
      threads,
      batchSize: 256,
      flashAttention: false,
    });
    return new NodeLlamaCpp(llama, context.getSequence());
  }

  async reset(): Promise<void> {
    await this.#sequence.clearHistory();
  }

  async complete({ prefix, suffix, maxTokens, singleLine }: CompletionTask): Promise<Measurement> {
    const evaluatedBefore = this.#sequence.tokenMeter.usedInputTokens;
    const started = performance.now();
    let firstTokenMs: number | undefined;
    let tokens = 0;
    const options = {
      maxTokens,
      temperature: 0,
      ...(singleLine && { customStopTriggers: ['\n'] }),
      onToken: (all: readonly unknown[]) => {
        firstTokenMs ??= performance.now() - started;
        tokens += all.length;
      },
    };
    await (suffix === ''
      ? this.#completion.generateCompletion(prefix, options)
      : this.#completion.generateInfillCompletion(prefix, suffix, options));
    const totalMs = performance.now() - started;
    return {
      firstTokenMs: firstTokenMs ?? totalMs,
      totalMs,
      tokens,
      evaluatedTokens: this.#sequence.tokenMeter.usedInputTokens - evaluatedBefore,
    };
  }

  async dispose(): Promise<void> {
    await this.#llama.dispose();
  }
}
