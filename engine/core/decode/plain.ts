import { topMargin, type Decoder, type TokenRow } from './decoder.ts';
import type { DecodingStrategy, StepResult } from './strategy.ts';
import type { TokenChoice } from './token-choice.ts';

/**
 * Greedy decoding, one token per forward pass: the baseline that every other mode must equal. A
 * token's own forward pass runs only when the token after it is asked for.
 */
export class PlainStrategy implements DecodingStrategy {
  readonly #decoder: Decoder;
  readonly #choose: TokenChoice;
  #row: TokenRow;
  #pending: number | undefined;

  /** @param prefilled The row after the prompt's last token. */
  constructor(decoder: Decoder, prefilled: TokenRow, choose: TokenChoice) {
    this.#decoder = decoder;
    this.#row = prefilled;
    this.#choose = choose;
  }

  async step(): Promise<StepResult> {
    if (this.#pending !== undefined) {
      if (this.#decoder.length >= this.#decoder.capacity) return { kind: 'context-full' };
      const row = await this.#decoder.append([this.#pending]);
      if (row === null) return { kind: 'cancelled' };
      this.#row = row;
    }
    this.#pending = this.#choose(this.#row);
    return { kind: 'accepted', tokens: [this.#pending], margins: [topMargin(this.#row)] };
  }
}
