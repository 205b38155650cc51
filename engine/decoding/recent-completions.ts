import { TokenLog } from '../core/tree/token-log.ts';

/** Tokens in front of a completion that are kept with it, so that its start is found again. */
const BEFORE = 8;

/** As many as index in a third of a millisecond when the older half of them is dropped. */
export const MOST_RECENT_TOKENS = 4096;

/** Of one completion. */
const MOST_OF_ONE = 256;

/** Ends each completion; no separator of `NgramIndex`, so that no match goes past it. */
const END = -(2 ** 16);

/**
 * What the model wrote for the requests just before, for n-gram lookup: one keystroke later, after an
 * undo or an edit above it mostly writes the same. Held in memory alone.
 */
export class RecentCompletions {
  /** Texts for `NgramIndex.recall`. */
  readonly texts = new TokenLog();
  /** Where the last one begins. */
  #last = 0;

  /**
   * @param before What the completion was written behind; the end of it matters.
   * @param written All that was decoded, shown or not.
   */
  remember(before: readonly number[], written: readonly number[]): void {
    if (written.length === 0) return;
    this.#makeRoom();
    const tokens = [...before.slice(-BEFORE), ...written.slice(0, MOST_OF_ONE)];
    const known = this.#knownBy(tokens);
    if (known === tokens.length) return;
    if (known > 0) this.texts.truncate(this.texts.length - 1);
    else this.#last = this.texts.length;
    this.texts.push([...tokens.slice(known), END]);
  }

  /**
   * How many of the first tokens the last completion has: all of them, or those that it ends in. A typist
   * who follows a completion is answered by the same one again and again, each time a bit later in it.
   */
  #knownBy(tokens: readonly number[]): number {
    const end = this.texts.length - 1;
    for (let place = this.#last; place <= end - BEFORE; place += 1) {
      const shared = this.texts.sharedFrom(place, tokens);
      if (shared === tokens.length || place + shared === end) return shared;
    }
    return 0;
  }

  /** Drops the older half at once, so that this is seldom to be done. */
  #makeRoom(): void {
    if (this.texts.length < MOST_RECENT_TOKENS) return;
    let start = MOST_RECENT_TOKENS / 2;
    while (this.texts.tokenAt(start - 1) !== END) start += 1;
    const kept = this.texts.from(start);
    this.texts.truncate(0);
    this.texts.push(kept);
    this.#last = Math.max(0, this.#last - start);
  }
}
