import { at } from './at.ts';

/** Key of the first token; no pair has a broken number. */
const NO_PAIR = 0.5;

/** Room for a token id beside another one in a number. */
const PAIR_FACTOR = 2 ** 20;

/**
 * Tokens, and at which places each two neighbours stand. A place is the index of the second of the
 * two. Appending and removing take two map operations per token.
 */
export class TokenLog {
  readonly #tokens: number[] = [];
  readonly #latest = new Map<number, number>();
  /** For each place the one before it with the same two tokens; -1 = none. */
  readonly #previous: number[] = [];

  get length(): number {
    return this.#tokens.length;
  }

  tokenAt(place: number): number {
    return at(this.#tokens, place);
  }

  /** The tokens from a place on. */
  from(place: number): readonly number[] {
    return this.#tokens.slice(place);
  }

  push(tokens: Iterable<number>): void {
    for (const token of tokens) {
      const place = this.#tokens.push(token) - 1;
      const key = this.#keyAt(place);
      this.#previous.push(this.#latest.get(key) ?? -1);
      this.#latest.set(key, place);
    }
  }

  /** Forgets all but the first `length` tokens. */
  truncate(length: number): void {
    while (this.length > length) {
      const key = this.#keyAt(this.length - 1);
      const previous = this.#previous.pop() ?? -1;
      if (previous < 0) this.#latest.delete(key);
      else this.#latest.set(key, previous);
      this.#tokens.pop();
    }
  }

  /** How many tokens from `place` on equal the first ones of `tokens`. */
  sharedFrom(place: number, tokens: readonly number[]): number {
    const most = Math.min(this.length - place, tokens.length);
    let shared = 0;
    while (shared < most && this.#tokens[place + shared] === tokens[shared]) shared += 1;
    return shared;
  }

  /** Places before the last one with the same two tokens, the latest first. */
  earlier(most: number): readonly number[] {
    return this.#chain(this.#previous.at(-1) ?? -1, most);
  }

  /** Places with the two tokens that `other` ends in, the latest first. */
  likeEndOf(other: TokenLog, most: number): readonly number[] {
    if (other.length < 2) return [];
    return this.#chain(this.#latest.get(other.#keyAt(other.length - 1)) ?? -1, most);
  }

  /** How many tokens up to and including `place` equal the last ones of `other`. */
  matchAt(place: number, other: TokenLog, longest: number): number {
    const last = other.length - 1;
    const most = Math.min(longest, place + 1, other.length);
    let match = 0;
    while (match < most && this.#tokens[place - match] === other.#tokens[last - match]) match += 1;
    return match;
  }

  #chain(latest: number, most: number): readonly number[] {
    const places: number[] = [];
    let place = latest;
    while (place >= 0 && places.length < most) {
      places.push(place);
      place = at(this.#previous, place);
    }
    return places;
  }

  #keyAt(place: number): number {
    return place < 1
      ? NO_PAIR
      : at(this.#tokens, place - 1) * PAIR_FACTOR + at(this.#tokens, place);
  }
}
