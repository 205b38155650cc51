import { at } from './at.ts';

/** An earlier place where the present suffix stood. */
export interface Occurrence {
  /** Index of the token that followed there. */
  readonly next: number;
  /** Tokens of the suffix that match, `LONGEST_MATCH` at most. */
  readonly match: number;
}

/** Longer matches are not told apart: by then the text repeats itself. */
export const LONGEST_MATCH = 40;

/** The first token's key; no pair has a broken number. */
const NO_PAIR = 0.5;

/** Room for a token id beside another one in a number. */
const PAIR_FACTOR = 2 ** 20;

/**
 * Where the last two tokens stood before, kept up to date token by token (prompt lookup, Saxena 2023).
 * Appending and removing take two map operations per token; how far a match reaches back is compared
 * when it is asked for. One token alone is not looked up: its guesses are right too seldom to pay.
 *
 *     text -1 text -2 ... | the text itself
 *        fixed part
 *
 * Other texts may stand in front. Each ends in a separator of its own, a negative token, so that no
 * match reaches from one into another. Places and lengths count the fixed part too.
 */
export class NgramIndex {
  readonly #tokens: number[] = [];
  #fixed = 0;
  /** What follows was written since the last `sync`. */
  #written = 0;
  readonly #pairs = new Occurrences();

  constructor(tokens: Iterable<number> = []) {
    this.push(tokens);
    this.#written = this.length;
  }

  get length(): number {
    return this.#tokens.length;
  }

  /** Negative where a text of the fixed part has ended. */
  tokenAt(index: number): number {
    return at(this.#tokens, index);
  }

  push(tokens: Iterable<number>): void {
    for (const token of tokens) {
      this.#tokens.push(token);
      this.#pairs.push(this.#lastPair());
    }
  }

  /**
   * Makes these texts the fixed part, the most telling one last. What is shared with the present
   * ones from the start is not redone; where they differ, the text behind them has to be set anew.
   */
  seed(texts: readonly (readonly number[])[]): void {
    const present = texts.filter(({ length }) => length > 0);
    const tokens = present.flatMap((text, index) => [...text, -1 - index]);
    const shared = this.#sharedFrom(0, tokens);
    if (shared < tokens.length || tokens.length !== this.#fixed) {
      this.truncate(shared);
      this.push(tokens.slice(shared));
    }
    this.#fixed = tokens.length;
  }

  /**
   * Makes the index hold exactly `tokens` behind the fixed part; what it shares with them from their
   * start is not redone.
   */
  sync(tokens: readonly number[]): void {
    const shared = this.#sharedFrom(this.#fixed, tokens);
    this.truncate(this.#fixed + shared);
    this.push(tokens.slice(shared));
    this.#written = this.length;
  }

  /** Whether the token at a place was generated, rather than part of the prompt or of another text. */
  isWritten(place: number): boolean {
    return place >= this.#written;
  }

  /** Forgets all but the first `length` tokens. */
  truncate(length: number): void {
    this.#fixed = Math.min(this.#fixed, length);
    this.#written = Math.min(this.#written, length);
    while (this.#tokens.length > length) {
      this.#pairs.pop(this.#lastPair());
      this.#tokens.pop();
    }
  }

  /** Earlier places that end in the same two tokens, or more, as the text does now, the latest first. */
  occurrences(most: number): readonly Occurrence[] {
    if (this.length === this.#fixed) return [];
    return this.#pairs
      .before(most)
      .map((place) => ({ next: place + 1, match: this.#matchAt(place) }));
  }

  #sharedFrom(start: number, tokens: readonly number[]): number {
    const most = Math.min(this.length - start, tokens.length);
    let shared = 0;
    while (shared < most && this.#tokens[start + shared] === tokens[shared]) shared += 1;
    return shared;
  }

  /** Tokens up to and including `place` that equal those at the end. */
  #matchAt(place: number): number {
    const last = this.#tokens.length - 1;
    const most = Math.min(LONGEST_MATCH, place + 1);
    let match = 2;
    while (match < most && this.#tokens[place - match] === this.#tokens[last - match]) match += 1;
    return match;
  }

  #lastPair(): number {
    const last = this.#tokens.length - 1;
    return last < 1 ? NO_PAIR : at(this.#tokens, last - 1) * PAIR_FACTOR + at(this.#tokens, last);
  }
}

/** For each place the one before it with the same key. */
class Occurrences {
  readonly #latest = new Map<number, number>();
  readonly #previous: number[] = [];

  push(key: number): void {
    const place = this.#previous.length;
    this.#previous.push(this.#latest.get(key) ?? -1);
    this.#latest.set(key, place);
  }

  /** @param key That of the last place. */
  pop(key: number): void {
    const previous = this.#previous.pop();
    if (previous === undefined || previous < 0) this.#latest.delete(key);
    else this.#latest.set(key, previous);
  }

  /** Places with the key of the last one, without it, the latest first. */
  before(most: number): readonly number[] {
    const places: number[] = [];
    let place = this.#previous.at(-1) ?? -1;
    while (place >= 0 && places.length < most) {
      places.push(place);
      place = at(this.#previous, place);
    }
    return places;
  }
}
