import assert from 'node:assert/strict';
import type { TokenRow } from '../../../../engine/core/decode/decoder.ts';
import { argmax } from '../../../../engine/core/decode/decoder.ts';
import { methodOfMode } from '../../../../engine/core/decode/decoding-method.ts';
import {
  DraftEconomy,
  type DraftCosts,
} from '../../../../engine/core/decode/draft/draft-economy.ts';
import {
  PlainDraft,
  PromptedDraft,
  type DraftModel,
} from '../../../../engine/core/decode/draft/draft-model.ts';
import { draftPolicy } from '../../../../engine/core/decode/draft/draft-policy.ts';
import { DraftStrategy } from '../../../../engine/core/decode/draft/draft-strategy.ts';
import { Drafter } from '../../../../engine/core/decode/draft/drafter.ts';
import type { GuessQuality } from '../../../../engine/core/decode/method-policy.ts';
import type { TokenChoice } from '../../../../engine/core/decode/token-choice.ts';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import { NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
import { optimalPlan } from '../../../../engine/core/tree/optimal-tree.ts';
import { StaticPolicy } from '../../../../engine/core/tree/tree-policy.ts';
import {
  calibratedGuesser,
  FakeTreeDecoder,
  type RowSource,
} from '../../../support/fake-tree-model.ts';

/** A draft that now and then says what another model would: `agreement` is how often it does not. */
export class DraftOf implements RowSource {
  readonly vocabularySize: number;
  readonly #target: RowSource;
  readonly #other: RowSource;
  readonly #agreement: number;

  constructor(target: RowSource, other: RowSource, agreement: number) {
    this.vocabularySize = target.vocabularySize;
    this.#target = target;
    this.#other = other;
    this.#agreement = agreement;
  }

  row(context: readonly number[]): TokenRow {
    const hash = context.slice(-3).reduce((sum, token) => (sum * 31 + token + 7) % 1009, 17);
    return (hash % 100 < 100 * this.#agreement ? this.#target : this.#other).row(context);
  }
}

/** A decoder whose next pass of any kind can be cancelled. */
export class CancellableDecoder extends FakeTreeDecoder {
  /** Passes until one is cancelled; negative: none. */
  cancelIn = -1;
  passes = 0;
  /** What the passes have cost. */
  ms = 0;
  /** `[n]`: of a pass over n rows; 0 where not told. */
  latencyMs: readonly number[] = [];

  override append(tokens: readonly number[]): Promise<TokenRow | null> {
    assert.ok(this.length + tokens.length <= this.capacity, 'over the capacity');
    this.ms += this.latencyMs[1] ?? 0;
    return this.#isCancelled() ? Promise.resolve(null) : super.append(tokens);
  }

  override forward(
    layout: Parameters<FakeTreeDecoder['forward']>[0],
  ): ReturnType<FakeTreeDecoder['forward']> {
    this.ms += this.latencyMs[layout.length] ?? 0;
    return this.#isCancelled() ? Promise.resolve(null) : super.forward(layout);
  }

  #isCancelled(): boolean {
    this.passes += 1;
    this.cancelIn -= 1;
    return this.cancelIn === -1;
  }
}

export interface DraftScene {
  readonly target: RowSource;
  readonly draft: RowSource;
  readonly prompt: readonly number[];
  /** Tokens of the prompt, at most, that the target's first step reads; 1 unless told. */
  readonly tail?: number;
  /** m of the draft; 0: it decodes plainly. */
  readonly draftPrompts: number;
  /** m of the target, whose guesses enter the tree. */
  readonly targetPrompts: number;
  readonly ngrams: boolean;
  readonly costs: DraftCosts;
  readonly capacity?: number;
  readonly draftCapacity?: number;
  readonly choose?: TokenChoice;
  readonly isEnd?: (token: number) => boolean;
  /** What the draft holds of an earlier text. */
  readonly held?: readonly number[];
  readonly economy?: DraftEconomy;
  readonly isAsked?: () => boolean;
  /** Tokens from this one on are the target's alone. */
  readonly sharedTokens?: number;
}

const GUESS_PROFILE = [0.6, 0.2];

/** Of prompt tokens that are as good as their rows say. */
export function qualityOf(count: number): GuessQuality {
  return {
    ensemble: 1,
    accuracies: Array.from({ length: count }, () => GUESS_PROFILE),
    calibration: { weights: Array.from({ length: count }, () => [0, 1, 0] as const) },
  };
}

export function decoderOf(model: RowSource, prompts: number, capacity?: number) {
  const guesser = calibratedGuesser(model, seededRandom(7), () => GUESS_PROFILE);
  return new CancellableDecoder(model, guesser, { count: prompts, ensemble: 1 }, capacity);
}

const never = (): boolean => false;

export async function openDraft(scene: DraftScene) {
  const { prompt, costs, isEnd = never, choose = argmax } = scene;
  const target = decoderOf(scene.target, scene.targetPrompts, scene.capacity);
  const draft = decoderOf(scene.draft, scene.draftPrompts, scene.draftCapacity);
  if (scene.held !== undefined && scene.held.length > 0) await draft.append(scene.held);
  const tail = prompt.slice(-(scene.tail ?? 1));
  if (tail.length < prompt.length) await target.append(prompt.slice(0, -tail.length));
  const economy = scene.economy ?? new DraftEconomy(costs);
  target.latencyMs = costs.latencyMs;
  draft.latencyMs = new Array<number>(10).fill(costs.draftMs);
  // A clock of another unit than the costs are in.
  const now = (): number => 1000 + 7 * (target.ms + draft.ms);
  const drafter = new Drafter({
    model: draftModel(draft, scene.draftPrompts, isEnd),
    economy,
    prompt,
    whenReady: () => Promise.resolve(),
    isShared: (token) => token < (scene.sharedTokens ?? Infinity),
    isEnd,
    isCancelled: never,
    now,
  });
  const states = scene.targetPrompts;
  const maxLength = costs.latencyMs.length - 1;
  const policy = draftPolicy({
    method: {
      ...methodOfMode('draft'),
      promptTokens: scene.draftPrompts,
      targetPrompts: states,
      ngram: scene.ngrams,
    },
    latencyMs: costs.latencyMs,
    tokensPerMs: () => economy.tokensPerMs,
    drafted: () => drafter.chains(),
    ngrams: new NgramIndex(prompt),
    prompts: {
      quality: qualityOf(states),
      costs: { steadyMs: costs.latencyMs, mixedMs: costs.latencyMs },
    },
  });
  const strategy = new DraftStrategy({
    decoder: target,
    tail,
    policy,
    choose,
    isEnd,
    maxLength,
    drafter,
    economy,
    now,
    ...(scene.isAsked && { isAsked: scene.isAsked }),
  });
  return { target, draft, drafter, economy, strategy };
}

function draftModel(
  decoder: CancellableDecoder,
  prompts: number,
  isEnd: (token: number) => boolean,
): DraftModel {
  if (prompts === 0) return new PlainDraft(decoder);
  const plan = optimalPlan({
    accuracies: Array.from({ length: prompts }, () => GUESS_PROFILE),
    states: prompts,
    ensemble: 1,
    latencyMs: Array.from({ length: 9 }, (_, n) => 1 + n / 20),
  });
  const policy = new StaticPolicy(plan.trees);
  return new PromptedDraft({ decoder, policy, isEnd, maxLength: 8 });
}
