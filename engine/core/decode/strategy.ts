/** What one forward pass contributed. */
export type StepResult =
  | {
      readonly kind: 'accepted';
      /** At least one token, each the model's own greedy choice. */
      readonly tokens: readonly number[];
      /** `topMargin` at each of `tokens`. */
      readonly margins: readonly number[];
      /** Depth of the candidate tree that was verified; absent = none was. */
      readonly guessed?: number;
    }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'context-full' };

export type AcceptedStep = Extract<StepResult, { kind: 'accepted' }>;

/**
 * A way of finding the next tokens; every decoding mode is one. It is given the end of the prompt, the
 * tail, which its first step evaluates: n steps of plain decoding are n forward passes and n tokens.
 */
export interface DecodingStrategy {
  /** @param wanted Tokens that are still of use: what goes beyond is not worth guessing. */
  step(wanted?: number): Promise<StepResult>;
}
