import { generate, hasCompleteLine, type GenerateFinish } from './core/decode/generate.ts';
import { createStopRule } from './core/decode/stop.ts';
import type { AcceptedStep } from './core/decode/strategy.ts';
import { acceptanceOf, choiceAt, GREEDY, samplingFault } from './core/decode/sampling.ts';
import { chooseAfterLead } from './core/decode/token-choice.ts';
import type { Concession } from './core/latency/plan-latency.ts';
import type { PromptVocabulary } from './core/prompt/fim-prompt.ts';
import { plainChoice, type DecodingChoice } from './decoding/choose-decoding.ts';
import type { DecodingSetup, UsedDecoding } from './decoding/decoding-setup.ts';
import { NeighbourTokens } from './decoding/neighbour-tokens.ts';
import { EngineFailure } from './engine-failure.ts';
import { LatencyContract } from './latency-contract.ts';
import type { NativeContext, NativeModel } from './native/addon.d.ts';
import type { NativeTreeDecoder } from './native/native-tree-decoder.ts';
import { TokenTraits } from './native/token-traits.ts';
import { ReadingTime } from './reading-time.ts';
import { createTextStream, pieceOf, promptVocabulary } from './native/vocabulary.ts';
import type {
  CompletionOutcome,
  CompletionRequest,
  CompletionTiming,
  DecodingModeSetting,
  DocumentContext,
  LogEntry,
  SamplingSettings,
  TreeSettings,
} from './protocol.ts';

/** A raw greedy continuation, for benchmarks: no stop rules, no deadline. */
export interface Continuation {
  readonly tokens: readonly number[];
  /** `topMargin` at each token, and where the model ended the text, at its end. */
  readonly margins: readonly number[];
  readonly used: UsedDecoding;
  readonly timing: CompletionTiming;
  readonly steps: readonly AcceptedStep[];
  /** Milliseconds from the start of the prefill to the first whole line, or to the end. */
  readonly firstLineMs: number;
}

export interface ContinuationDecoding {
  readonly mode: DecodingModeSetting;
  readonly tree?: TreeSettings | undefined;
  readonly languageId?: string;
  /** As in a completion, for the time to the first token; false unless told (`RunInput`). */
  readonly firstStepReads?: boolean;
}

interface Run {
  readonly text: string;
  readonly finish: GenerateFinish;
  readonly tokens: readonly number[];
  readonly margins: readonly number[];
  readonly used: UsedDecoding;
  readonly timing: CompletionTiming;
  readonly concessions: readonly Concession[];
}

interface RunInput {
  readonly text: { readonly prefix: string; readonly suffix: string };
  readonly languageId: string;
  /** Tokens of other texts to look n-gram chains up in, the most telling text last. */
  readonly neighbours?: () => readonly (readonly number[])[];
  /** Whether it is helped by earlier completions, and helps later ones. */
  readonly remembers: boolean;
  readonly choice: DecodingChoice;
  readonly maxTokens: number;
  readonly sampling: SamplingSettings;
  /** See `CompletionRequest`; null = none. */
  readonly latencyBudgetMs: number | null;
  readonly signal: AbortSignal;
  readonly isLate: () => boolean;
  /** Whether a line break ends the text: guesses behind one are then of no use. */
  readonly oneLine: boolean;
  /**
   * Whether the first step reads what is left of the prompt, and counts as reading it: the text comes
   * sooner. Otherwise it reads the last token alone and is a step of decoding like all others, which
   * can be compared.
   */
  readonly firstStepReads: boolean;
  readonly checkStop: (text: string) => { kind: 'continue' } | { kind: 'stop'; keep: number };
  readonly onText?: ((text: string) => void) | undefined;
  readonly onStep?: (step: AcceptedStep) => void;
}

/** What a session works with; it disposes of all of it. */
export interface SessionParts {
  readonly name: string;
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly decoder: NativeTreeDecoder;
  readonly decoding: DecodingSetup;
  readonly onLog: (entry: LogEntry) => void;
}

/**
 * One loaded model with one K/V cache that lives from request to request. Not reentrant: the engine
 * runs one request at a time.
 */
export class Session {
  readonly #parts: SessionParts;
  readonly #vocabulary: PromptVocabulary;
  readonly #traits: TokenTraits;
  readonly #contract: LatencyContract;
  /** Texts of open files. */
  readonly neighbours: NeighbourTokens;
  /** Reasons to decode plainly that the log has told. */
  readonly #told = new Set<string>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#vocabulary = promptVocabulary(parts.model);
    this.#traits = new TokenTraits(parts.model);
    this.neighbours = new NeighbourTokens((text) => parts.model.tokenize(text));
    this.#contract = new LatencyContract(this.#vocabulary, (prompt) =>
      parts.decoder.reusable(prompt),
    );
  }

  get decoding(): DecodingSetup {
    return this.#parts.decoding;
  }

  async complete(
    request: CompletionRequest,
    signal: AbortSignal,
    onText?: (text: string) => void,
  ): Promise<CompletionOutcome> {
    const { document, deadlineMs, latencyBudgetMs = null, sampling = GREEDY } = request;
    const fault = samplingFault(sampling);
    if (fault !== null) throw new EngineFailure('invalid-request', fault);
    if (!this.#hasSomethingToGoBy(document)) return { kind: 'skipped', reason: 'empty-prompt' };
    const choice = this.#choose(request);
    const started = performance.now();
    const limitMs = Math.min(deadlineMs ?? Infinity, latencyBudgetMs ?? Infinity);
    const stopRule = createStopRule({ ...document, multiline: request.multiline });
    const run = await this.#run({
      text: document,
      languageId: document.languageId,
      neighbours: () => this.neighbours.textsFor(document),
      remembers: true,
      choice,
      maxTokens: request.maxTokens,
      sampling,
      latencyBudgetMs,
      signal,
      isLate: () => performance.now() - started > limitMs,
      oneLine: !request.multiline,
      firstStepReads: true,
      checkStop: (text) => stopRule.check(text),
      onText,
    });
    if (run === null) return { kind: 'cancelled' };
    return {
      kind: 'completed',
      text: run.text,
      finishReason: run.finish,
      ...run.used,
      ...(run.concessions.length > 0 && { concessions: run.concessions }),
      model: this.#parts.name,
      timing: run.timing,
    };
  }

  /**
   * Decodes from an empty cache until the model ends the text or `maxTokens`. Null = cancelled.
   *
   * @throws EngineFailure 'mode-unavailable'.
   */
  async continueText(
    text: { readonly prefix: string; readonly suffix: string },
    decoding: ContinuationDecoding,
    maxTokens: number,
    signal: AbortSignal,
  ): Promise<Continuation | null> {
    this.#parts.decoder.truncate(0);
    this.#parts.decoding.forget();
    const started = performance.now();
    const steps: AcceptedStep[] = [];
    const lineEndsMs: number[] = [];
    const run = await this.#run({
      text,
      languageId: decoding.languageId ?? '',
      remembers: false,
      choice: this.#choose({ ...decoding, strict: true }),
      maxTokens,
      sampling: GREEDY,
      latencyBudgetMs: null,
      signal,
      isLate: () => false,
      oneLine: false,
      firstStepReads: decoding.firstStepReads ?? false,
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
    await this.#parts.decoding.dispose();
    await this.#parts.context.dispose();
    await this.#parts.model.dispose();
  }

  /** Where the mode is not available: an error for who insists on it, plain decoding otherwise. */
  #choose(request: {
    readonly mode: DecodingModeSetting;
    readonly tree?: TreeSettings | undefined;
    readonly strict?: boolean;
  }): DecodingChoice {
    const { decoding, onLog } = this.#parts;
    const choice = decoding.choose(request.mode, request.tree);
    if (typeof choice !== 'string') return choice;
    const message = `Mode ${request.mode} is not available. ${choice}`;
    if (request.strict === true) throw new EngineFailure('mode-unavailable', message);
    if (!this.#told.has(message)) onLog({ level: 'warn', message });
    this.#told.add(message);
    return plainChoice(choice);
  }

  #hasSomethingToGoBy({ prefix, suffix }: DocumentContext): boolean {
    if (prefix.trim() !== '') return true;
    return suffix.trim() !== '' && this.#vocabulary.fim !== null;
  }

  async #run(input: RunInput): Promise<Run | null> {
    const cancel = (): void => {
      this.#parts.context.cancel();
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
    const { model, context, decoder, decoding } = this.#parts;
    const budget = context.contextLength - input.maxTokens;
    if (budget < MIN_PROMPT_TOKENS) {
      throw new EngineFailure(
        'invalid-request',
        `${input.maxTokens} tokens leave no room for a prompt in a context of ${context.contextLength}: lower foretoken.maxTokens or raise foretoken.contextLength.`,
      );
    }
    const started = performance.now();
    const { prompt, maxTokens, concessions } = this.#contract.plan({
      text: input.text,
      mostPromptTokens: budget,
      maxTokens: input.maxTokens,
      budgetMs: input.latencyBudgetMs,
    });
    const prefilling = decoder.prefillHead(
      prompt.tokens,
      () => input.signal.aborted,
      input.firstStepReads ? undefined : 1,
    );
    // While the addon's thread evaluates a longer prompt this one has nothing else to do.
    decoding.prepare(input.choice, prompt.tokens, input.languageId, {
      own: prompt.inTextOrder,
      others: () => [...(input.neighbours?.() ?? []), ...prompt.outside],
      recent: input.remembers,
    });
    const head = await prefilling;
    if (head === null) return null;
    const reading = new ReadingTime(started, input.firstStepReads);
    let lineTokens = 0;
    let lineIsComplete = false;
    const { isEnd, breaksLine } = this.#traits;
    const result = await generate({
      strategy: decoding.strategy(input.choice, {
        prompt: prompt.tokens,
        tail: head.tail,
        choose: chooseAfterLead(
          prompt.lead,
          (token) => pieceOf(model, token),
          choiceAt(input.sampling, Math.random),
        ),
        accept: acceptanceOf(input.sampling),
        isEnd: input.oneLine ? (token) => isEnd(token) || breaksLine(token) : isEnd,
        languageId: input.languageId,
        signal: input.signal,
      }),
      maxTokens,
      isEnd,
      textStream: createTextStream(model),
      lead: prompt.lead,
      checkStop: (text) => {
        if (!lineIsComplete) lineTokens += 1;
        lineIsComplete ||= hasCompleteLine(text);
        return input.checkStop(text);
      },
      isLate: input.isLate,
      isCancelled: () => input.signal.aborted,
      ...(input.onText && { onText: input.onText }),
      onStep: (step) => {
        reading.step(step.tokens.length);
        input.onStep?.(step);
      },
    });
    if (input.remembers) decoding.remember(prompt.inTextOrder, result.tokens);
    if (result.kind === 'cancelled') return null;
    const tokens = result.tokens.length;
    const { prefillMs, decodeMs, decoded } = reading.end(tokens);
    const used = decoding.conclude(input.choice, input.languageId, tokens);
    const evaluated = prompt.tokens.length - head.reused;
    this.#contract.observe({ evaluated, prefillMs, decoded, decodeMs, lineTokens });
    return {
      text: result.text,
      finish: result.finish,
      tokens: result.tokens,
      margins: result.margins,
      used,
      concessions,
      timing: {
        promptTokens: prompt.tokens.length,
        reusedTokens: head.reused,
        prefillMs,
        decodeMs,
        decodedTokens: decoded,
        tokens,
        steps: result.steps,
        tokensPerStep: result.steps === 0 ? 0 : tokens / result.steps,
        tokensPerSecond: decodeMs === 0 ? 0 : (1000 * decoded) / decodeMs,
      },
    };
  }
}

/** A context this short completes nothing worth showing. */
const MIN_PROMPT_TOKENS = 16;
