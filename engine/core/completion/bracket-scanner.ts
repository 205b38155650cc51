/**
 * Follows brackets, strings and comments through text, one UTF-16 code unit at a time, so that text
 * that still grows is never read twice. Rough on purpose: regular expressions, heredocs and what is
 * interpolated into strings are not understood.
 */
import type { Syntax } from './syntax.ts';

/** What one code unit did to the brackets that were open when `mark` was called. */
export type BracketEvent =
  | 'none'
  /** Closed a bracket, or ended a string, that was open at the mark. */
  | 'closed-marked'
  /** A closer that nothing opened, or for another kind of bracket. */
  | 'unopened';

type Mode = 'code' | 'line-comment' | 'block-comment' | 'string';

interface OpenBracket {
  readonly closer: string;
  readonly position: number;
}

const CLOSER_OF: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
const CLOSERS: ReadonlySet<string> = new Set(CLOSER_OF.values());

export class BracketScanner {
  readonly #syntax: Syntax;
  readonly #open: OpenBracket[] = [];
  #mode: Mode = 'code';
  #previous = '';
  #position = -1;
  #quote = '';
  #quoteStart = 0;
  #triple = false;
  /** Quotes in a row inside a string of three. */
  #quotesInRow = 0;
  /** Where an empty string has just ended: one more quote makes it a string of three. */
  #emptyStringEnd = -1;
  #markedDepth = 0;
  #stringMarked = false;

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  get depth(): number {
    return this.#open.length;
  }

  get inCode(): boolean {
    return this.#mode === 'code';
  }

  get inLineComment(): boolean {
    return this.#mode === 'line-comment';
  }

  get inString(): boolean {
    return this.#mode === 'string';
  }

  /** Whether a string or comment is open that a line end does not end. */
  get inMultilineText(): boolean {
    if (this.#mode === 'string') return this.#isMultilineString();
    return this.#mode === 'block-comment';
  }

  /** The closer of the innermost open bracket. */
  get innermostCloser(): string | null {
    return this.#open.at(-1)?.closer ?? null;
  }

  /** Position since the mark of the first bracket opened after it and still open. */
  get firstOpenSinceMark(): number | null {
    return this.#open[this.#markedDepth]?.position ?? null;
  }

  /** Everything open now is what text fed from here on may close without having opened it. */
  mark(): void {
    this.#markedDepth = this.#open.length;
    this.#stringMarked = this.#mode === 'string';
    this.#quoteStart -= this.#position + 1;
    this.#emptyStringEnd -= this.#position + 1;
    this.#position = -1;
  }

  feedAll(text: string): this {
    for (let i = 0; i < text.length; i++) this.feed(text.charAt(i));
    return this;
  }

  feed(char: string): BracketEvent {
    const previous = this.#previous;
    this.#previous = char;
    this.#position++;
    switch (this.#mode) {
      case 'code':
        return this.#feedCode(previous, char);
      case 'string':
        return this.#feedString(previous, char);
      case 'line-comment':
        if (char === '\n') this.#mode = 'code';
        return 'none';
      case 'block-comment':
        if (previous === '*' && char === '/') this.#toCode();
        return 'none';
    }
  }

  #feedCode(previous: string, char: string): BracketEvent {
    if (this.#startsLineComment(previous, char)) {
      this.#mode = 'line-comment';
    } else if (this.#syntax.blockComments && previous === '/' && char === '*') {
      this.#mode = 'block-comment';
      this.#previous = '';
    } else if (this.#syntax.quotes.includes(char)) {
      this.#startString(char);
    } else if (CLOSERS.has(char)) {
      return this.#close(char);
    } else {
      const closer = CLOSER_OF.get(char);
      if (closer !== undefined) this.#open.push({ closer, position: this.#position });
    }
    return 'none';
  }

  #startsLineComment(previous: string, char: string): boolean {
    return this.#syntax.lineComments.some((start) =>
      start.length === 1
        ? char === start && (previous.trim() === '' || start === ';')
        : previous + char === start,
    );
  }

  #startString(quote: string): void {
    this.#triple = this.#syntax.tripleQuotes && this.#emptyStringEnd === this.#position - 1;
    this.#triple &&= this.#quote === quote;
    this.#mode = 'string';
    this.#quote = quote;
    this.#quoteStart = this.#position;
    this.#quotesInRow = 0;
  }

  #feedString(previous: string, char: string): BracketEvent {
    if (previous === '\\') {
      this.#previous = '';
    } else if (char === this.#quote) {
      return this.#feedQuote();
    } else if (char === '\n' && !this.#isMultilineString()) {
      this.#toCode();
    }
    this.#quotesInRow = 0;
    return 'none';
  }

  #feedQuote(): BracketEvent {
    if (this.#triple && ++this.#quotesInRow < 3) return 'none';
    if (this.#quoteStart === this.#position - 1) this.#emptyStringEnd = this.#position;
    const event = this.#stringMarked ? 'closed-marked' : 'none';
    this.#toCode();
    return event;
  }

  #isMultilineString(): boolean {
    return this.#triple || this.#syntax.multilineQuotes.includes(this.#quote);
  }

  #toCode(): void {
    this.#mode = 'code';
    this.#previous = '';
    this.#stringMarked = false;
  }

  #close(closer: string): BracketEvent {
    if (this.innermostCloser !== closer) return 'unopened';
    this.#open.pop();
    if (this.#open.length >= this.#markedDepth) return 'none';
    this.#markedDepth = this.#open.length;
    return 'closed-marked';
  }
}
