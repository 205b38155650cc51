/**
 * The whole surface of the N-API addon (native/), in one place. Nothing above this file knows
 * llama.h, and logits never cross it: the addon reduces each output row to its top candidates.
 *
 * Every failure is a `NativeError`: an `Error` whose `name` is 'NativeError' and whose `code` is one
 * of `NativeErrorCode`. Argument errors throw synchronously; the rest reject the promise.
 */

export type NativeErrorCode =
  /** A library cannot be opened, or a symbol is missing. */
  | 'library-unreadable'
  /** The library is not the release whose headers the addon was compiled against. */
  | 'library-mismatch'
  /** No file, no permission, or not a GGUF file, or one cut short or damaged. */
  | 'model-unreadable'
  /** A valid GGUF file that llama.cpp cannot run, or no generative model (encoder, embedding). */
  | 'model-unsupported'
  | 'file-unwritable'
  | 'out-of-memory'
  | 'invalid-argument'
  /** The batch did not fit into the context's K/V cache. */
  | 'context-full'
  /** llama_decode failed in another way. */
  | 'decode-failed'
  | 'aborted'
  | 'disposed';

export interface LibraryInfo {
  /** Directory the libraries were opened from. */
  readonly directory: string;
  /** For example "0.4.0". */
  readonly llamaVersion: string;
  readonly ggmlCommit: string;
  /** Names of the ggml devices found, the CPU included, e.g. ["Vulkan0", "CPU"]. */
  readonly devices: readonly NativeDevice[];
}

export interface NativeDevice {
  readonly name: string;
  readonly description: string;
  readonly type: 'cpu' | 'gpu' | 'integrated-gpu' | 'accelerator';
  /** Bytes; 0 where the backend does not say. */
  readonly memoryTotal: number;
  readonly memoryFree: number;
}

export interface ModelOptions {
  readonly path: string;
  /** Layers to offload; 0 = CPU only, -1 = all. */
  readonly gpuLayers: number;
  readonly useMmap?: boolean;
  /** Load the vocabulary alone: tokenise and detokenise work, `createContext` is refused. */
  readonly vocabularyOnly?: boolean;
  /** Called on the main thread with 0..1. */
  readonly onProgress?: (fraction: number) => void;
}

/** A load in flight. `abort` makes `model` reject with code 'aborted'. */
export interface ModelLoad {
  readonly model: Promise<NativeModel>;
  abort(): void;
}

export interface FimTokens {
  readonly prefix: number | null;
  readonly suffix: number | null;
  readonly middle: number | null;
  readonly pad: number | null;
  readonly repository: number | null;
  readonly separator: number | null;
}

export interface ModelInfo {
  readonly architecture: string;
  /** llama.cpp's own one-line description, e.g. "llama 4M Q8_0". */
  readonly description: string;
  readonly parameterCount: number;
  /** Bytes of all tensors. */
  readonly sizeBytes: number;
  readonly embeddingLength: number;
  readonly layerCount: number;
  readonly vocabularySize: number;
  readonly trainedContextLength: number;
  readonly fimTokens: FimTokens;
  readonly beginOfTextToken: number | null;
  /** Whether the vocabulary asks for a begin-of-text token in front of a prompt. */
  readonly addBeginOfText: boolean;
  readonly endOfGenerationTokens: Int32Array;
}

export interface ContextOptions {
  /** Tokens the K/V cache holds, over all sequences (unified cache). */
  readonly contextLength: number;
  /** Most tokens of one batch; longer prompts are split by the addon into such chunks. */
  readonly batchSize: number;
  /**
   * Most rows that `outputs` may ask for; the compute buffer has outputRows x vocabulary
   * floats. Default, and upper limit: `batchSize`.
   */
  readonly outputRows?: number;
  /** Threads of a single-token step and of a batch. */
  readonly threads: number;
  readonly batchThreads: number;
  /** Largest number of sequences (1..255): tree decoding gives each root-to-leaf path one. */
  readonly sequences: number;
  /**
   * Begin with a cache of sequence 0 alone, in which llama.cpp spends 0.05 ms less on every batch. What
   * first needs another sequence, a tree that branches or a copy, moves the text to a cache of all of
   * them, once and for good; while it does, there is memory for both. Default: false.
   */
  readonly beginWithOne?: boolean;
  readonly flashAttention: boolean;
  /**
   * How the K/V cache stores keys; default 'f16'. Where the model does not allow 'q8_0' (the length of
   * a head is no multiple of 32), it is 'f16'.
   */
  readonly keyType?: 'f16' | 'q8_0';
}

export interface DecodeBatch {
  /** Tokens appended to `sequence`, from `position` on, which must be the sequence's length. */
  readonly tokens: Int32Array;
  readonly sequence: number;
  readonly position: number;
  /**
   * Rows to return, those of the last so many tokens: at most `outputRows`, and no more than the last
   * batch of `batchSize` tokens holds.
   */
  readonly outputs: number;
  /** Candidates per row, 1..256, in order of falling logit; ties go to the lower id. */
  readonly topK: number;
  /** Also fill `logSumExp`, which turns a logit into a log-probability. Costs one pass over the row. */
  readonly normalise?: boolean;
  /** Decode on the calling thread: saves the way to another and back, and cannot be cancelled. */
  readonly blocking?: boolean;
}

export interface DecodeRows {
  readonly rows: number;
  readonly topK: number;
  /** rows x topK token ids. */
  readonly ids: Int32Array;
  /** rows x topK raw logits. */
  readonly logits: Float32Array;
  /** One per row; empty unless `normalise` was set. log p(id) = logit - logSumExp. */
  readonly logSumExp: Float32Array;
}

/**
 * A tree of candidates behind sequence 0, one element per row, parents before children. Row 0 is the
 * root; it stands at the length of sequence 0. Every root-to-leaf path is a sequence, numbered from
 * 0; a row belongs to those of all leaves below it and attends, besides the prefix, to what its
 * first sequence holds up to its own position: its path. Sequences 1 and up are the tree's own while
 * it is used: what they held before is dropped.
 */
export interface TreeBatch {
  /** Token ids; -1 where the row is a slot. */
  readonly tokens: Int32Array;
  /** Rows of `setPromptEmbeddings`; -1 where the row is a token. */
  readonly slots: Int32Array;
  /** Position counted from the root's; without gaps along each sequence. */
  readonly offsets: Int32Array;
  /** How many sequences each row belongs to. */
  readonly sequenceCounts: Int32Array;
  /** Those sequences, row by row. */
  readonly sequences: Int32Array;
  /** Rows to return, in this order; at most `outputRows` different ones. */
  readonly outputs: Int32Array;
  /** Joins `outputs`: the first so many become one row, the mean of their logits, and so on. */
  readonly outputCounts?: Int32Array;
  /**
   * Tokens enter as embeddings even where there is no slot, after `setPromptEmbeddings`: the same
   * logits, and llama.cpp's graph of an equally long tree with slots is used again.
   */
  readonly embedded?: boolean;
  /** These as in `DecodeBatch`. */
  readonly topK: number;
  readonly normalise?: boolean;
  readonly blocking?: boolean;
}

/** Cancelled is a value: the cache then holds exactly `position` tokens of that sequence again. */
export type DecodeResult =
  ({ readonly kind: 'done' } & DecodeRows) | { readonly kind: 'cancelled' };

export interface NativeContext {
  readonly contextLength: number;
  readonly batchSize: number;
  readonly outputRows: number;
  /** Bytes of K/V cache and compute buffers, as far as llama.cpp tells. */
  readonly memoryBytes: number;
  /** Whether trees can be decoded; recurrent memories cannot go back. */
  readonly supportsTrees: boolean;
  /** One decode at a time per context: a second call while one runs throws 'invalid-argument'. */
  decode(batch: DecodeBatch): Promise<DecodeResult>;
  /**
   * One forward pass over a tree (at most `batchSize` rows). The cache then still ends where it did:
   * `keepPath` makes a path part of it, any other call drops the tree. Rejects with
   * 'model-unsupported' where `supportsTrees` is false.
   */
  decodeTree(batch: TreeBatch): Promise<DecodeResult>;
  /** Appends rows of the last tree to sequence 0: token rows from the root down one sequence. */
  keepPath(path: Int32Array): void;
  /**
   * The embeddings that `slots` name: whole rows of `embeddingLength` values, copied. Throws
   * 'model-unsupported' for models that treat embeddings unlike their own tokens.
   */
  setPromptEmbeddings(rows: Float32Array): void;
  /** Ends the running decode as soon as the backend allows; without one it does nothing. */
  cancel(): void;
  /** Tokens held for `sequence`. */
  sequenceLength(sequence: number): number;
  /** Drops positions from (inclusive) to (exclusive, -1 = end). Throws if the memory cannot. */
  removeTokens(sequence: number, from: number, to: number): void;
  /** Makes positions [from, to) of `source` part of `target` too, without copying K/V data. */
  copyTokens(source: number, target: number, from: number, to: number): void;
  /** Drops all but `sequence`. */
  keepSequence(sequence: number): void;
  /** Raw last-row logits, for tests alone: the one way to compare decodes number by number. */
  debugLogits(row: number): Float32Array;
  setThreads(threads: number, batchThreads: number): void;
  /** Waits for a running decode (after cancelling it), then frees. Further calls throw 'disposed'. */
  dispose(): Promise<void>;
}

export interface PromptTrainerOptions {
  /** m: prompt tokens per insertion, 1..16. */
  readonly count: number;
  /** E: embeddings per prompt token (EPT), 1..64. */
  readonly ensemble: number;
  /** Most tokens of one window of text. */
  readonly windowLength: number;
  /** R: most insertions of one `gradient` call. */
  readonly insertions: number;
  readonly threads: number;
  /**
   * Keep weights as they are in the file, and their transposed copies in BF16, instead of both in
   * F32: less memory, a coarser gradient. Default: where F32 would take over 1 GiB.
   */
  readonly compactWeights?: boolean;
}

export interface PromptGradient {
  readonly kind: 'done';
  /** Mean over the insertions of KL(teacher || prompt token) in nats, by distance: m values. */
  readonly lossByDistance: Float32Array;
  /**
   * d(loss)/d(rows), shaped like `rows`: m x E x embeddingLength values, where
   * loss = sum over i = 1..m of decay^(i-1) * lossByDistance[i-1] / m.
   */
  readonly gradient: Float32Array;
}

/**
 * The gradient of the self-distillation loss of prompt tokens, the model frozen: each prompt token
 * learns to predict what the model itself predicts once it knows the text up to there. On the CPU.
 * One call at a time: a second one while one runs throws 'invalid-argument'.
 */
export interface PromptTrainer {
  /** Bytes of weights, kept K/V and compute buffers. */
  readonly memoryBytes: number;
  /**
   * The largest difference, in logits, between the trainer's own forward pass and llama.cpp's that
   * was seen when the trainer checked itself.
   */
  readonly selfCheckDifference: number;
  /** The model's own pass over a window of text, 2..windowLength tokens; `gradient` refers to it. */
  load(tokens: Int32Array): Promise<{ readonly kind: 'done' } | { readonly kind: 'cancelled' }>;
  /**
   * `rows`: m x E x embeddingLength values, row (i-1) * E + j for chain j at distance i.
   * `insertions`: 1..R indices t into the window, t + m < its length: text[0..t] has been seen, prompt
   * token i (1..m) stands in for text[t+i], and its teacher is the model's prediction after
   * text[t+i]. `decay`: 0..1.
   */
  gradient(
    rows: Float32Array,
    insertions: Int32Array,
    options: { readonly decay: number },
  ): Promise<PromptGradient | { readonly kind: 'cancelled' }>;
  /** Ends the running call as soon as possible; without one it does nothing. */
  cancel(): void;
  /** Waits for a running call (after cancelling it), then frees. Further calls throw 'disposed'. */
  dispose(): Promise<void>;
}

export interface NativeModel {
  readonly info: ModelInfo;
  /** Metadata value as text, or null. */
  metadata(key: string): string | null;
  /**
   * UTF-8 text (a lone surrogate becomes U+FFFD) to token ids. With `parseSpecial` text that spells a
   * control token becomes that token: never set it for user text.
   */
  tokenize(text: string, options?: { readonly parseSpecial?: boolean }): Int32Array;
  /** The bytes the tokens stand for; control tokens give nothing unless `special`. */
  detokenize(tokens: Int32Array, options?: { readonly special?: boolean }): Uint8Array;
  isEndOfGeneration(token: number): boolean;
  isControl(token: number): boolean;
  /** Rows of the token embedding matrix, dequantised: ids.length x embeddingLength. */
  tokenEmbeddings(ids: Int32Array): Promise<Float32Array>;
  createContext(options: ContextOptions): Promise<NativeContext>;
  /**
   * Reads the weights a second time, with which it can differentiate. Rejects with
   * 'model-unsupported' for architectures and features that its own forward pass does not reproduce.
   */
  createPromptTrainer(options: PromptTrainerOptions): Promise<PromptTrainer>;
  /** Frees the model once its contexts and trainers are gone (disposes of them first). */
  dispose(): Promise<void>;
}

/** A metadata value of a GGUF file; numbers there have types that JavaScript's lack. */
export type GgufValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'f32s'; readonly value: Float32Array };

/** An F32 tensor of a GGUF file. */
export interface GgufTensor {
  /** At most 63 bytes of UTF-8. */
  readonly name: string;
  /** 1 to 4 lengths, the fastest-running first. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface NativeAddon {
  /** llama.cpp release of the headers, e.g. "v0.4.0". */
  readonly builtFor: string;
  /**
   * Opens libggml-base, libggml and libllama in `directory` (the platform package that
   * node-llama-cpp resolved). One directory per process: a second, different one is refused.
   */
  openLibraries(directory: string): LibraryInfo;
  loadModel(options: ModelOptions): ModelLoad;
  /**
   * Writes a small GGUF file (it waits for the disk). The file appears complete or not at all: it is
   * written beside `path` under the name `path`.partial first. Throws 'file-unwritable'.
   */
  writeGguf(
    path: string,
    metadata: Readonly<Record<string, GgufValue>>,
    tensors: readonly GgufTensor[],
  ): void;
  /** Lines of llama.cpp's log. Called on the main thread. */
  setLogger(logger: (level: 'debug' | 'info' | 'warn' | 'error', line: string) => void): void;
}
