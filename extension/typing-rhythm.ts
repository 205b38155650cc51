/** Keystrokes that the pace is measured over. */
const INTERVALS_MAX = 20;
/** A longer interval is a pause, not a pace. */
const PAUSE_MS = 2000;

/** One change of a document, as far as completion cares. */
export interface Typed {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
}

/** How fast the user types, and what was typed last. */
export class TypingRhythm {
  readonly #intervalsMs: number[] = [];
  #lastAt = -Infinity;
  #last: Typed | undefined;

  get intervalsMs(): readonly number[] {
    return this.#intervalsMs;
  }

  record(typed: Typed, now: number): void {
    const interval = now - this.#lastAt;
    this.#lastAt = now;
    this.#last = typed;
    if (interval > PAUSE_MS) return;
    this.#intervalsMs.push(interval);
    if (this.#intervalsMs.length > INTERVALS_MAX) this.#intervalsMs.shift();
  }

  /** The text that made this version of the document; empty when it is not the last change. */
  lastTyped(uri: string, version: number): string {
    const last = this.#last;
    return last?.uri === uri && last.version === version ? last.text : '';
  }
}
