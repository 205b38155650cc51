import { methodOfMode, type DecodingMethod } from '../core/decode/decoding-method.ts';
import {
  bestDraftLength,
  DraftEconomy,
  type DraftPlan,
} from '../core/decode/draft/draft-economy.ts';
import { PlainDraft, PromptedDraft, type DraftModel } from '../core/decode/draft/draft-model.ts';
import { draftPolicy, type TargetPrompts } from '../core/decode/draft/draft-policy.ts';
import { DraftStrategy } from '../core/decode/draft/draft-strategy.ts';
import { Drafter } from '../core/decode/draft/drafter.ts';
import { methodPolicy } from '../core/decode/method-policy.ts';
import type { DecodingStrategy } from '../core/decode/strategy.ts';
import type { TreeDecoder } from '../core/decode/tree-decoder.ts';
import { acceptByChoice } from '../core/tree/accept.ts';
import { NgramIndex } from '../core/tree/ngram-index.ts';
import type { TreePolicy } from '../core/tree/tree-policy.ts';
import { assumedPassCost } from '../core/tuning/pass-cost.ts';
import type { DecodingStart } from '../decoding/decoding-setup.ts';
import type { DraftDecoding, DraftGuide, DraftMode } from '../decoding/draft-decoding.ts';
import type { NativeContext, NativeModel } from '../native/addon.d.ts';
import type { NativeTreeDecoder } from '../native/native-tree-decoder.ts';
import type { PromptTokens } from '../prompt-tokens/prompt-tokens.ts';

/** Rows of a pass of the draft with prompt tokens, and of its context. */
export const MOST_DRAFT_ROWS = 24;

/** Reading many tokens at once costs less than one after the other. */
const READ_COST = 0.3;

export interface NativeDraftInput {
  readonly name: string;
  readonly path: string;
  readonly model: NativeModel;
  readonly context: NativeContext;
  readonly decoder: NativeTreeDecoder;
  /** The draft's own. */
  readonly promptTokens: PromptTokens | null;
  readonly target: TreeDecoder;
  /** `[n]`: the target's pass over n rows. */
  readonly latencyMs: readonly number[];
  /** Ids below this mean the same to both models. */
  readonly sharedTokens: number;
  readonly backend: 'cpu' | 'gpu';
  readonly threads: number;
  /** The draft's pass in passes of the target, until both have been timed. */
  readonly relativeCost: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * A loaded draft with a context of its own, whose K/V cache lives from request to request as the
 * target's does.
 */
export class NativeDraft implements DraftDecoding {
  readonly name: string;
  readonly #input: NativeDraftInput;
  #latencyMs: readonly number[];
  #economies: Readonly<Record<DraftMode, DraftEconomy>>;
  readonly #policies = new Map<string, TreePolicy>();
  #drafter: Drafter | null = null;
  /** The pass that runs, if any; settles when the draft's context is free. */
  #reading: Promise<void> = Promise.resolve();
  #round = 0;

  constructor(input: NativeDraftInput) {
    this.name = input.name;
    this.#input = input;
    this.#latencyMs = input.latencyMs;
    this.#economies = this.#newEconomies();
  }

  /** The target's passes have been measured; what was learnt by the old table is begun anew. */
  retune(latencyMs: readonly number[]): void {
    this.#latencyMs = latencyMs;
    this.#economies = this.#newEconomies();
    this.#policies.clear();
  }

  /** What a mode is expected to come to, from what has been measured of it. */
  forecast(mode: DraftMode): DraftPlan {
    const { draftMs, acceptance } = this.#economies[mode];
    return bestDraftLength(this.#latencyMs, draftMs, acceptance.byDepth);
  }

  unsupportedReason(mode: DraftMode): string | null {
    if (mode === 'draft' || this.#input.promptTokens !== null) return null;
    return `There are no prompt tokens for the draft model ${this.name}: train them with "foretoken train --model ${this.#input.path}".`;
  }

  /**
   * Reads the prompt while the target does, on the core that stays free. On a GPU both would wait for
   * one another: there the draft reads when it is first asked.
   */
  prepare(method: DecodingMethod, prompt: readonly number[]): void {
    const round = this.#stopReading();
    const { decoder, context, backend, threads, sharedTokens } = this.#input;
    const text = prompt.slice(0, -1);
    const isWanted = backend === 'cpu' && this.#economies[modeOf(method)].shouldBegin(0);
    if (!isWanted || text.length === 0 || text.length > decoder.capacity) return;
    if (text.some((token) => token >= sharedTokens)) return;
    const isStopped = (): boolean => this.#round !== round;
    this.#queue(async () => {
      if (isStopped()) return;
      context.setThreads(threads, 1);
      await decoder.prefill(text, isStopped).finally(() => {
        context.setThreads(threads, threads);
      });
    });
  }

  strategy(
    method: DecodingMethod,
    start: DecodingStart,
    ngrams: NgramIndex,
    guide?: DraftGuide,
  ): DecodingStrategy {
    const { target, decoder, context, sharedTokens, now } = this.#input;
    const { prompt, tail, choose, isEnd, signal, accept = acceptByChoice } = start;
    const economy = this.#economies[modeOf(method)];
    const cancel = (): void => {
      context.cancel();
    };
    signal.addEventListener('abort', cancel, { once: true });
    const drafter = new Drafter({
      model: this.#model(method, isEnd),
      economy,
      prompt,
      whenReady: () => this.#reading.then(() => decoder.align(prompt)),
      isShared: (token) => token < sharedTokens,
      isEnd,
      isCancelled: () => signal.aborted,
      now,
    });
    this.#drafter = drafter;
    return new DraftStrategy({
      decoder: target,
      tail,
      policy: guide?.policy ?? this.policy(method, ngrams, null),
      choose,
      isEnd,
      accept,
      maxLength: this.#rows(method),
      drafter,
      ...(guide !== undefined && { isAsked: guide.isAsked }),
      economy,
      mostDrafted: method.depth,
      now,
    });
  }

  /** Empties the cache. */
  forget(): void {
    this.#stopReading();
    this.#queue(() => {
      this.#input.decoder.truncate(0);
    });
  }

  async dispose(): Promise<void> {
    this.#stopReading();
    await this.#reading;
    await this.#input.context.dispose();
    await this.#input.model.dispose();
  }

  #newEconomies(): Readonly<Record<DraftMode, DraftEconomy>> {
    const latencyMs = this.#latencyMs;
    const draftMs = this.#input.relativeCost * (latencyMs[1] ?? 1);
    const costs = { latencyMs, draftMs, readMs: READ_COST * draftMs };
    return { draft: new DraftEconomy(costs), 'draft-ppd': new DraftEconomy(costs) };
  }

  /** A fault shows again, and is told, when the draft is asked for tokens. */
  #queue(task: () => void | Promise<void>): void {
    this.#reading = this.#reading.then(task).catch(() => undefined);
  }

  #stopReading(): number {
    this.#round += 1;
    this.#input.context.cancel();
    return this.#round;
  }

  #model(method: DecodingMethod, isEnd: (token: number) => boolean): DraftModel {
    const { decoder, promptTokens, backend } = this.#input;
    if (method.promptTokens === 0 || promptTokens === null) return new PlainDraft(decoder);
    const { promptTokens: count } = method;
    const key = `draft ${count} ${method.topK}`;
    const policy = this.#remembered(key, () =>
      methodPolicy({
        method: { ...methodOfMode('ppd-adaptive'), promptTokens: count, topK: method.topK },
        prompts: promptTokens,
        costs: assumedPassCost(backend, MOST_DRAFT_ROWS),
        ngrams: new NgramIndex(),
      }),
    );
    return new PromptedDraft({ decoder, policy, isEnd, maxLength: MOST_DRAFT_ROWS });
  }

  /** Takes the chains of whichever drafter is at work; what it learns of n-grams stays. */
  policy(method: DecodingMethod, ngrams: NgramIndex, prompts: TargetPrompts | null): TreePolicy {
    const economy = this.#economies[modeOf(method)];
    const rows = this.#rows(method);
    const key = `target ${Object.values(method).join()}`;
    return this.#remembered(key, () =>
      draftPolicy({
        method,
        latencyMs: this.#latencyMs.slice(0, rows + 1),
        tokensPerMs: () => economy.tokensPerMs,
        drafted: () => this.#drafter?.chains() ?? [],
        ngrams,
        prompts,
      }),
    );
  }

  #rows({ nodeBudget }: DecodingMethod): number {
    return Math.min(this.#latencyMs.length - 1, nodeBudget);
  }

  #remembered(key: string, make: () => TreePolicy): TreePolicy {
    const policy = this.#policies.get(key) ?? make();
    this.#policies.set(key, policy);
    return policy;
  }
}

function modeOf(method: DecodingMethod): DraftMode {
  return method.promptTokens > 0 ? 'draft-ppd' : 'draft';
}
