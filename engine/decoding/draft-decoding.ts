import type { DecodingMode } from '../core/decode/decoding-mode.ts';
import type { DecodingStrategy } from '../core/decode/strategy.ts';
import type { DecodingMethod } from '../core/decode/decoding-method.ts';
import type { DraftPlan } from '../core/decode/draft/draft-economy.ts';
import type { TargetPrompts } from '../core/decode/draft/draft-policy.ts';
import type { NgramIndex } from '../core/tree/ngram-index.ts';
import type { TreePolicy } from '../core/tree/tree-policy.ts';
import type { DecodingStart } from './decoding-setup.ts';

export type DraftMode = Extract<DecodingMode, 'draft' | 'draft-ppd'>;

export interface DraftGuide {
  readonly policy: TreePolicy;
  /** Whether the step that begins asks the draft. */
  readonly isAsked: () => boolean;
}

/** A loaded draft model, as the decoding setup sees it. */
export interface DraftDecoding {
  /** What this draft lacks for the mode (prompt tokens of its own, say), or null. */
  unsupportedReason(mode: DraftMode): string | null;
  /** Told of a prompt while the target evaluates it. */
  prepare(method: DecodingMethod, prompt: readonly number[]): void;
  /**
   * `method.promptTokens` are the draft's: 0 = none. May prefill the draft in its first step.
   *
   * @param ngrams Holds the prompt where the method looks things up.
   * @param guide Decides from step to step, in place of the method's own policy.
   */
  strategy(
    method: DecodingMethod,
    start: DecodingStart,
    ngrams: NgramIndex,
    guide?: DraftGuide,
  ): DecodingStrategy;
  /** The target's policy where the draft is asked. */
  policy(method: DecodingMethod, ngrams: NgramIndex, prompts: TargetPrompts | null): TreePolicy;
  /**
   * What a mode is expected to come to, from what has been measured of it: in the unit of the target's
   * table of passes.
   */
  forecast(mode: DraftMode): DraftPlan;
  /** The target's passes have been measured: `[n]` is the cost of one over n rows. */
  retune(latencyMs: readonly number[]): void;
  /** Empties the draft's cache. */
  forget(): void;
  /** Frees the draft's context and model. */
  dispose(): Promise<void>;
}
