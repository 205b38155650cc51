/**
 * The seam between the decoding algorithms and whatever computes logits. The native decoder
 * implements it over llama.cpp; tests implement it with fake models.
 */

/** The model's opinion on the next token: candidates in order of falling logit. */
export interface TokenRow {
  readonly ids: Int32Array;
  /** Raw logits of `ids`. */
  readonly logits: Float32Array;
}

/** One sequence with its K/V cache. Positions count from 0; the cache never has holes. */
export interface Decoder {
  /** Tokens in the cache. */
  readonly length: number;
  /** Tokens the cache can hold. */
  readonly capacity: number;
  /** Keeps the first `length` tokens of the cache. */
  truncate(length: number): void;
  /**
   * Appends tokens (at least one) and returns the row that follows the last of them. Null when the
   * decode was cancelled: the cache is then what it was before the call.
   */
  append(tokens: readonly number[]): Promise<TokenRow | null>;
}

/** The greedy choice. Candidates are ordered, so it is the first. */
export function argmax(row: TokenRow): number {
  const id = row.ids[0];
  if (id === undefined) throw new RangeError('A token row without candidates has no argmax.');
  return id;
}

/**
 * How far the greedy choice is ahead of the runner-up, in logits. Two runs of the same model may
 * part only where this is below the numeric noise of the batch shape.
 */
export function topMargin(row: TokenRow): number {
  const [first, second] = row.logits;
  return first === undefined || second === undefined ? Infinity : first - second;
}
