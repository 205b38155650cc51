import { generate, hasCompleteLine, type GenerateFinish } from './core/decode/generate.ts';
import { PlainStrategy } from './core/decode/plain.ts';
import { createStopRule } from './core/decode/stop.ts';
import type { TokenRow } from './core/decode/decoder.ts';
import type { AcceptedStep, DecodingStrategy } from './core/decode/strategy.ts';
import { greedyAfterLead, type TokenChoice } from './core/decode/token-choice.ts';
import { TreeStrategy } from './core/decode/tree-strategy.ts';
import { buildPrompt, type PromptVocabulary } from './core/prompt/fim-prompt.ts';
import { NgramIndex } from './core/tree/ngram-index.ts';
import { MOST_NGRAM_ROWS, ngramPolicy } from './core/tree/ngram-policy.ts';
import { EngineFailure } from './engine-failure.ts';
import type { NativeContext, NativeModel } from './native/addon.d.ts';
import { NativeTreeDecoder } from './native/native-tree-decoder.ts';
import { createTextStream, pieceOf, promptVocabulary } from './native/vocabulary.ts';
import type {
  CompletionOutcome,
  CompletionRequest,
  CompletionTiming,
  DecodingMode,
  DecodingModeSetting,
  DocumentContext,
} from './protocol.ts';

/** A raw greedy continuation, for benchmarks: no stop rules, no deadline. */
export interface Continuation {
  readonly tokens: readonly number[];
  /** `topMargin` at each token. */
  readonly margins: readonly number[];
  readonly timing: CompletionTiming;
  readonly steps: readonly AcceptedStep[];
  /** Milliseconds from the start of the prefill to the first whole line, or to the end. */
  readonly firstLineMs: number;
}

interface Run {
  readonly text: string;
  readonly finish: GenerateFinish;
  readonly tokens: readonly number[];
  readonly margins: readonly number[];
  readonly timing: CompletionTiming;
}

interface RunInput {
  readonly text: { readonly prefix: string; readonly suffix: string };
  readonly mode: DecodingMode;
  readonly maxTokens: number;
  readonly signal: AbortSignal;
  readonly isLate: () => boolean;
  readonly checkStop: (text: string) => { kind: 'continue' } | { kind: 'stop'; keep: number };
  readonly onText?: ((text: string) => void) | undefined;
  readonly onStep?: (step: AcceptedStep) => void;
}

/**
 * One loaded model with one K/V cache that lives from request to request. Not reentrant: the engine
 * runs one request at a time.
 */
export class Session {
  readonly #model: NativeModel;
  readonly #context: NativeContext;
  readonly #decoder: NativeTreeDecoder;
  readonly #vocabulary: PromptVocabulary;
  readonly #name: string;
  /** Of the last prompt in mode `ngram` and what was generated then: the next shares most of it. */
  readonly #ngrams = new NgramIndex();

  constructor(name: string, model: NativeModel, context: NativeContext) {
    this.#name = name;
    this.#model = model;
    this.#context = context;
    this.#decoder = new NativeTreeDecoder(context);
    this.#vocabulary = promptVocabulary(model);
  }

  async complete(
    request: CompletionRequest,
    signal: AbortSignal,
    onText?: (text: string) => void,
  ): Promise<CompletionOutcome> {
    const { document, deadlineMs } = request;
    if (!this.#hasSomethingToGoBy(document)) return { kind: 'skipped', reason: 'empty-prompt' };
    const mode = this.#chooseMode(request.mode);
    const started = performance.now();
    const stopRule = createStopRule({ ...document, multiline: request.multiline });
    const run = await this.#run({
      text: document,
      mode,
      maxTokens: request.maxTokens,
      signal,
      isLate: () => deadlineMs !== null && performance.now() - started > deadlineMs,
      checkStop: (text) => stopRule.check(text),
      onText,
    });
    if (run === null) return { kind: 'cancelled' };
    return {
      kind: 'completed',
      text: run.text,
      finishReason: run.finish,
      mode,
      model: this.#name,
      timing: run.timing,
    };
  }

  /** Decodes from an empty cache until the model ends the text or `maxTokens`. Null = cancelled. */
  async continueText(
    text: { readonly prefix: string; readonly suffix: string },
    mode: DecodingModeSetting,
    maxTokens: number,
    signal: AbortSignal,
  ): Promise<Continuation | null> {
    this.#decoder.truncate(0);
    const started = performance.now();
    const steps: AcceptedStep[] = [];
    const lineEndsMs: number[] = [];
    const run = await this.#run({
      text,
      mode: this.#chooseMode(mode),
      maxTokens,
      signal,
      isLate: () => false,
      checkStop: () => ({ kind: 'continue' }),
      onStep: (step) => steps.push(step),
      onText: (soFar) => {
        if (hasCompleteLine(soFar)) lineEndsMs.push(performance.now() - started);
      },
    });
    if (run === null) return null;
    return { ...run, steps, firstLineMs: lineEndsMs[0] ?? performance.now() - started };
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
    await this.#model.dispose();
  }

  #hasSomethingToGoBy({ prefix, suffix }: DocumentContext): boolean {
    if (prefix.trim() !== '') return true;
    return suffix.trim() !== '' && this.#vocabulary.fim !== null;
  }

  async #run(input: RunInput): Promise<Run | null> {
    const cancel = (): void => {
      this.#context.cancel();
    };
    if (input.signal.aborted) return null;
    input.signal.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#prefillAndGenerate(input);
    } finally {
      input.signal.removeEventListener('abort', cancel);
    }
  }

  async #prefillAndGenerate(input: RunInput): Promise<Run | null> {
    const budget = this.#context.contextLength - input.maxTokens;
    if (budget < MIN_PROMPT_TOKENS) {
      throw new EngineFailure(
        'invalid-request',
        `${input.maxTokens} tokens leave no room for a prompt in a context of ${this.#context.contextLength}: lower foretoken.maxTokens or raise foretoken.contextLength.`,
      );
    }
    const started = performance.now();
    const prompt = buildPrompt(this.#vocabulary, input.text, budget);
    const prefilling = this.#decoder.prefill(prompt.tokens, () => input.signal.aborted);
    // While the addon's thread evaluates the prompt this one has nothing else to do.
    if (input.mode === 'ngram') this.#ngrams.sync(prompt.tokens);
    const prefilled = await prefilling;
    if (prefilled === null) return null;
    const decodeStarted = performance.now();
    const choose = greedyAfterLead(prompt.lead, (token) => pieceOf(this.#model, token));
    const result = await generate({
      strategy: this.#strategy(input.mode, prefilled.row, choose),
      maxTokens: input.maxTokens,
      isEnd: (token) => this.#isEnd(token),
      textStream: createTextStream(this.#model),
      lead: prompt.lead,
      checkStop: input.checkStop,
      isLate: input.isLate,
      isCancelled: () => input.signal.aborted,
      ...(input.onText && { onText: input.onText }),
      ...(input.onStep && { onStep: input.onStep }),
    });
    if (result.kind === 'cancelled') return null;
    const decodeMs = performance.now() - decodeStarted;
    const tokens = result.tokens.length;
    return {
      text: result.text,
      finish: result.finish,
      tokens: result.tokens,
      margins: result.margins,
      timing: {
        promptTokens: prompt.tokens.length,
        reusedTokens: prefilled.reused,
        prefillMs: decodeStarted - started,
        decodeMs,
        tokens,
        steps: result.steps,
        tokensPerStep: result.steps === 0 ? 0 : tokens / result.steps,
        tokensPerSecond: decodeMs === 0 ? 0 : (1000 * tokens) / decodeMs,
      },
    };
  }

  /**
   * `auto` is what pays on this device: plain decoding until measurements say otherwise. Models whose
   * memory cannot go back decode plainly whatever is set.
   */
  #chooseMode(setting: DecodingModeSetting): DecodingMode {
    return setting === 'auto' || !this.#context.supportsTrees ? 'plain' : setting;
  }

  #strategy(mode: DecodingMode, prefilled: TokenRow, choose: TokenChoice): DecodingStrategy {
    const decoder = this.#decoder;
    if (mode === 'plain') return new PlainStrategy(decoder, prefilled, choose);
    return new TreeStrategy({
      decoder,
      prefilled,
      policy: ngramPolicy(this.#ngrams),
      choose,
      isEnd: (token) => this.#isEnd(token),
      maxLength: MOST_NGRAM_ROWS,
    });
  }

  #isEnd(token: number): boolean {
    return this.#model.isEndOfGeneration(token) || this.#model.isControl(token);
  }
}

/** A context this short completes nothing worth showing. */
const MIN_PROMPT_TOKENS = 16;
