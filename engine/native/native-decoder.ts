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

/** The part of a prompt that precedes decoding is in the cache. */
export interface PrefilledHead {
  /** The rest, at least one token. */
  readonly tail: readonly number[];
  /** Tokens of the prompt that needed no evaluation. */
  readonly reused: number;
}

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

  /** Makes the cache hold exactly `prompt`; otherwise as `prefillHead`. */
  async prefill(
    prompt: readonly number[],
    isCancelled: () => boolean,
  ): Promise<{ readonly row: TokenRow; readonly reused: number } | null> {
    const head = await this.prefillHead(prompt, isCancelled);
    if (head === null || isCancelled()) return null;
    const row = await this.append(head.tail);
    return row === null ? null : { row, reused: head.reused };
  }

  /**
   * Makes the cache hold `prompt` (not empty) but for its tail, the last tokens that are new: what a
   * decoding strategy begins with. What the cache shares with the prompt is kept. Null when cancelled;
   * the pieces evaluated until then stay. The caller's thread is free meanwhile, unless a piece is
   * expected to be short.
   *
   * @param longestTail Tokens; as many as are evaluated at once, unless told.
   */
  async prefillHead(
    prompt: readonly number[],
    isCancelled: () => boolean,
    longestTail = PREFILL_CHUNK_TOKENS,
  ): Promise<PrefilledHead | null> {
    const reused = this.align(prompt);
    let start = reused;
    while (prompt.length - start > longestTail) {
      const end = Math.min(start + PREFILL_CHUNK_TOKENS, prompt.length - 1);
      if (isCancelled() || (await this.#evaluate(prompt.slice(start, end))) === null) return null;
      start = end;
    }
    return { tail: prompt.slice(start), reused };
  }

  async #evaluate(tokens: readonly number[]): Promise<TokenRow | null> {
    const result = await this.thread.run(tokens.length, (blocking) =>
      this.context.decode({
        tokens: Int32Array.from(tokens),
        sequence: SEQUENCE,
        position: this.tokens.length,
        outputs: 1,
        topK: ROW_CANDIDATES,
        blocking,
      }),
    );
    if (result.kind === 'cancelled') return null;
    this.tokens.push(...tokens);
    return result;
  }
}
