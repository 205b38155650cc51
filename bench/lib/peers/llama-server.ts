import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompletionTask, Contender, TextMeasurement } from '../contender.ts';
import { JsonClient } from './json-client.ts';

/** The kinds of speculation that want no second model, by the names that --spec-type gives them. */
export const NGRAM_TYPES = [
  'ngram-simple',
  'ngram-map-k',
  'ngram-map-k4v',
  'ngram-mod',
  'ngram-cache',
] as const;

export interface LlamaServerOptions {
  readonly binary: string;
  readonly modelPath: string;
  readonly threads: number;
  readonly contextSize: number;
  readonly speculation?: { readonly draftModelPath: string } | (typeof NGRAM_TYPES)[number];
}

/** The parts of an answer that count here. */
interface InfillAnswer {
  readonly content: string;
  readonly timings: {
    /** Prompt tokens that were evaluated. */
    readonly prompt_n: number;
    readonly predicted_n: number;
    /** From the end of the prompt's evaluation on. */
    readonly predicted_ms: number;
  };
}

const START_TIMEOUT_MS = 30_000;

/** llama-server, asked over HTTP as the llama.vscode extension asks it. */
export class LlamaServer implements Contender<TextMeasurement> {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #client: JsonClient;

  private constructor(name: string, process: ChildProcess, client: JsonClient) {
    this.name = name;
    this.#process = process;
    this.#client = client;
  }

  static async start(options: LlamaServerOptions): Promise<LlamaServer> {
    const port = await freePort();
    const child = spawn(options.binary, serverArguments(options, port), { stdio: 'ignore' });
    // It would outlive this process.
    process.once('exit', () => child.kill());
    const server = new LlamaServer(serverName(options), child, new JsonClient(port));
    try {
      await server.#untilReady();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** One that a signal has ended has no exit code. */
  get #isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#process;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      if (!this.#isRunning) {
        throw new Error(`${this.name} ended while starting: ${this.#process.spawnargs.join(' ')}`);
      }
      const ready = await this.#client.get('/health').catch(() => null);
      if (ready !== null) return;
      if (performance.now() > deadline) throw new Error(`${this.name} did not start.`);
      await sleep(100);
    }
  }

  /** The extension never asks for that. */
  reset(): Promise<void> {
    return Promise.reject(new Error('The server keeps its cache.'));
  }

  async complete(task: CompletionTask): Promise<TextMeasurement> {
    const started = performance.now();
    const answer = (await this.#client.post('/infill', infillRequest(task))) as InfillAnswer;
    const totalMs = performance.now() - started;
    const { prompt_n, predicted_n, predicted_ms } = answer.timings;
    return {
      text: answer.content,
      // All but the decoding: the way to the server and back counts.
      firstTokenMs: totalMs - predicted_ms,
      totalMs,
      tokens: predicted_n,
      decodedTokens: Math.max(0, predicted_n - 1),
      evaluatedTokens: prompt_n,
    };
  }

  async dispose(): Promise<void> {
    this.#client.close();
    if (!this.#isRunning) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    const killer = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(killer);
  }
}

/**
 * What llama.vscode sends with /infill: the lines above, the text from the cursor on, and the typed
 * part of the line by itself, which lands behind the model's <MID>. Different from it, for equal
 * work: greedy choice, no time limits, and an end at the first line where the task wants one line.
 */
export function infillRequest({ prefix, suffix, maxTokens, singleLine }: CompletionTask) {
  const lineStart = prefix.lastIndexOf('\n') + 1;
  return {
    input_prefix: prefix.slice(0, lineStart),
    input_suffix: suffix,
    input_extra: [],
    prompt: prefix.slice(lineStart),
    n_predict: maxTokens,
    temperature: 0,
    top_k: 1,
    samplers: ['top_k'],
    cache_prompt: true,
    stream: false,
    ...(singleLine && { stop: ['\n'] }),
  };
}

/** One user, and the threads, context and attention kernels of the other contenders. */
export function serverArguments(options: LlamaServerOptions, port: number): readonly string[] {
  const { modelPath, threads, contextSize, speculation } = options;
  const common = ['--model', modelPath, '--host', '127.0.0.1', '--port', String(port)];
  const limits = ['--threads', String(threads), '--ctx-size', String(contextSize)];
  // As its own presets for completion have it.
  const reuse = ['--cache-reuse', '256'];
  const all = [...common, ...limits, ...reuse, '--parallel', '1', '--flash-attn', 'off'];
  if (speculation === undefined) return all;
  if (typeof speculation === 'string') return [...all, '--spec-type', speculation];
  const draft = ['--model-draft', speculation.draftModelPath, '--spec-type', 'draft-simple'];
  return [...all, ...draft];
}

function serverName({ speculation }: LlamaServerOptions): string {
  if (speculation === undefined) return 'llama-server';
  return `llama-server ${typeof speculation === 'string' ? speculation : 'draft'}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
