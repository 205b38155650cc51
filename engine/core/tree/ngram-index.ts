import { TokenLog } from './token-log.ts';

/** An earlier place where the present suffix stood. */
export interface Occurrence {
  /** Index of the token that followed there. */
  readonly next: number;
  /** Tokens of the suffix that match, `LONGEST_MATCH` at most. */
  readonly match: number;
}

/**
 * What a guess repeats: text that was given, what was generated since the last `sync`, or recalled
 * text.
 */
export type GuessSource = 'given' | 'written' | 'recalled';

/** Longer matches are not told apart: by then the text repeats itself. */
export const LONGEST_MATCH = 40;

/** Recalled places that vote, the latest: successive completions say the same thing many times. */
const MOST_RECALLED = 4;

/**
 * Where the last two tokens stood before, kept up to date token by token (prompt lookup, Saxena 2023).
 * How far a match reaches back is compared when it is asked for. One token alone is not looked up: its
 * guesses are right too seldom to pay.
 *
 *     recalled texts | text -1 text -2 ... | the text itself
 *      below place 0        fixed part
 *
 * Other texts may stand in front. Each ends in a separator, a negative token that nothing else ends
 * in, so that no match reaches from one into another. Places and lengths count the fixed part too.
 * Recalled texts change with every completion: having their own log, they shift nothing.
 */
export class NgramIndex {
  readonly #log = new TokenLog();
  #recalled: TokenLog | null = null;
  #fixed = 0;
  /** What follows was written since the last `sync`. */
  #written = 0;

  constructor(tokens: Iterable<number> = []) {
    this.push(tokens);
    this.#written = this.length;
  }

  get length(): number {
    return this.#log.length;
  }

  /** Negative where a text in front has ended. */
  tokenAt(place: number): number {
    if (place >= 0 || this.#recalled === null) return this.#log.tokenAt(place);
    return this.#recalled.tokenAt(this.#recalled.length + place);
  }

  push(tokens: Iterable<number>): void {
    this.#log.push(tokens);
  }

  /**
   * Makes these texts the fixed part, the most telling one last. What is shared with the present
   * ones from the start is not redone; where they differ, the text behind them has to be set anew.
   */
  seed(texts: readonly (readonly number[])[]): void {
    const present = texts.filter(({ length }) => length > 0);
    const tokens = present.flatMap((text, index) => [...text, -1 - index]);
    const shared = this.#log.sharedFrom(0, tokens);
    if (shared < tokens.length || tokens.length !== this.#fixed) {
      this.truncate(shared);
      this.push(tokens.slice(shared));
    }
    this.#fixed = tokens.length;
  }

  /** Looks up in these texts too, as they are whenever it does; null = no more. */
  recall(texts: TokenLog | null): void {
    this.#recalled = texts;
  }

  /**
   * Makes the index hold exactly `tokens` behind the fixed part; what it shares with them from their
   * start is not redone.
   */
  sync(tokens: readonly number[]): void {
    const shared = this.#log.sharedFrom(this.#fixed, tokens);
    this.truncate(this.#fixed + shared);
    this.push(tokens.slice(shared));
    this.#written = this.length;
  }

  sourceOf(place: number): GuessSource {
    if (place < 0) return 'recalled';
    return place < this.#written ? 'given' : 'written';
  }

  /** Forgets all but the first `length` tokens; what is recalled stays. */
  truncate(length: number): void {
    this.#fixed = Math.min(this.#fixed, length);
    this.#written = Math.min(this.#written, length);
    this.#log.truncate(length);
  }

  /**
   * Earlier places that end in the same two tokens, or more, as the text does now, the latest first:
   * those of recalled texts, then the others.
   */
  occurrences(most: number): readonly Occurrence[] {
    if (this.length === this.#fixed) return [];
    const log = this.#log;
    const recalled = this.#recalledOccurrences(Math.min(most, MOST_RECALLED));
    const others = log.earlier(most - recalled.length).map((place) => ({
      next: place + 1,
      match: log.matchAt(place, log, LONGEST_MATCH),
    }));
    return [...recalled, ...others];
  }

  #recalledOccurrences(most: number): readonly Occurrence[] {
    const texts = this.#recalled;
    if (texts === null) return [];
    return texts.likeEndOf(this.#log, most).map((place) => ({
      next: place + 1 - texts.length,
      match: texts.matchAt(place, this.#log, LONGEST_MATCH),
    }));
  }
}
