import { topMargin, type Decoder } from './decoder.ts';
import type { DecodingStrategy, StepResult } from './strategy.ts';
import type { TokenChoice } from './token-choice.ts';

/**
 * Greedy decoding, one token per forward pass: the baseline that every other mode must equal. A
 * token's own forward pass runs only when the token after it is asked for.
 */
export class PlainStrategy implements DecodingStrategy {
  readonly #decoder: Decoder;
  readonly #choose: TokenChoice;
  /** What is decided and not in the cache yet. */
  #unread: readonly number[];

  /** @param tail End of the prompt that the cache does not hold yet, at least one token. */
  constructor(decoder: Decoder, tail: readonly number[], choose: TokenChoice) {
    this.#decoder = decoder;
    this.#unread = tail;
    this.#choose = choose;
  }

  async step(): Promise<StepResult> {
    const { length, capacity } = this.#decoder;
    if (length + this.#unread.length > capacity) return { kind: 'context-full' };
    const row = await this.#decoder.append(this.#unread);
    if (row === null) return { kind: 'cancelled' };
    const token = this.#choose(row);
    this.#unread = [token];
    return { kind: 'accepted', tokens: [token], margins: [topMargin(row)] };
  }
}
