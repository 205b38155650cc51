import type { Decoder, TokenRow } from '../core/decode/decoder.ts';
import { reusableLength } from '../core/prompt/reuse-prefix.ts';
import type { NativeContext } from './addon.d.ts';
import { PassThread } from './pass-thread.ts';

/**
 * Candidates per row: the greedy choice, its runner-up for the margin, and enough more to find one
 * that agrees with white space typed before the cursor (see greedyAfterLead).
 */
export const ROW_CANDIDATES = 32;

/** The one that holds the text. */
export const SEQUENCE = 0;

/**
 * Tokens of a prompt evaluated at once. A cancel loses one such piece, not the prompt: who types
 * steadily would otherwise restart a long prefill with every key and never see it end.
 */
const PREFILL_CHUNK_TOKENS = 128;

/** The seam's native side: one sequence of a llama.cpp context, and the tokens it holds. */
export class NativeDecoder implements Decoder {
  protected readonly context: NativeContext;
  protected readonly thread = new PassThread();
  /** What sequence 0 holds. */
  protected readonly tokens: number[] = [];

  constructor(context: NativeContext) {
    this.context = context;
  }

  get length(): number {
    return this.tokens.length;
  }

  get capacity(): number {
    return this.context.contextLength;
  }

  truncate(length: number): void {
    if (length >= this.tokens.length) return;
    this.context.removeTokens(SEQUENCE, length, -1);
    this.tokens.length = length;
  }

  async append(tokens: readonly number[]): Promise<TokenRow | null> {
    return this.#evaluate(tokens);
  }

  /** Tokens at the start of `prompt` (not empty) that need no evaluation. */
  reusable(prompt: readonly number[]): number {
    return reusableLength(this.tokens, prompt);
  }

  /**
   * Keeps what the cache shares with `prompt` (not empty), the prompt's last token excepted.
   *
   * @returns Tokens kept.
   */
  align(prompt: readonly number[]): number {
    const shared = this.reusable(prompt);
    this.truncate(shared);
    return shared;
  }

  /**
   * Makes the cache hold exactly `prompt` (not empty), keeping what it shares with it. Null when
   * cancelled; the pieces evaluated until then stay. The caller's thread is free meanwhile, unless all
   * that is new are a few tokens, as while somebody types.
   */
  async prefill(
    prompt: readonly number[],
    isCancelled: () => boolean,
  ): Promise<{ readonly row: TokenRow; readonly reused: number } | null> {
    const reused = this.align(prompt);
    let row: TokenRow | null = null;
    for (let start = reused; start < prompt.length; start += PREFILL_CHUNK_TOKENS) {
      if (isCancelled()) return null;
      row = await this.#evaluate(prompt.slice(start, start + PREFILL_CHUNK_TOKENS));
      if (row === null) return null;
    }
    return row === null ? null : { row, reused };
  }

  async #evaluate(tokens: readonly number[]): Promise<TokenRow | null> {
    const result = await this.thread.run(tokens.length, (blocking) =>
      this.context.decode({
        tokens: Int32Array.from(tokens),
        sequence: SEQUENCE,
        position: this.tokens.length,
        outputs: 'last',
        topK: ROW_CANDIDATES,
        blocking,
      }),
    );
    if (result.kind === 'cancelled') return null;
    this.tokens.push(...tokens);
    return result;
  }
}
