import type { DecodingMode } from '../core/decode/decoding-mode.ts';
import type { DecodingStrategy } from '../core/decode/strategy.ts';
import type { DecodingMethod } from '../core/decode/decoding-method.ts';
import type { DecodingStart } from './decoding-setup.ts';

export type DraftMode = Extract<DecodingMode, 'draft' | 'draft-ppd'>;

/** A loaded draft model, as the decoding setup sees it. */
export interface DraftDecoding {
  /** What this draft lacks for the mode (prompt tokens of its own, say), or null. */
  unsupportedReason(mode: DraftMode): string | null;
  /** `method.promptTokens` are the draft's: 0 = none. May prefill the draft in its first step. */
  strategy(method: DecodingMethod, start: DecodingStart): DecodingStrategy;
  /** Frees the draft's context and model. */
  dispose(): Promise<void>;
}
