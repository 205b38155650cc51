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

interface State {
  mode: Mode;
  previous: string;
  /** Closers of the open brackets. */
  open: string[];
  /** Of the last code unit read. */
  position: number;
  quote: string;
  quoteStart: number;
  triple: boolean;
  /** Quotes in a row inside a string of three. */
  quotesInRow: number;
  /** Where an empty string has just ended: one more quote makes it a string of three. */
  emptyStringEnd: number;
  markedDepth: number;
  stringMarked: boolean;
}

function initialState(): State {
  return {
    mode: 'code',
    previous: '',
    open: [],
    position: -1,
    quote: '',
    quoteStart: 0,
    triple: false,
    quotesInRow: 0,
    emptyStringEnd: -2,
    markedDepth: 0,
    stringMarked: false,
  };
}

const CLOSER_OF: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
const CLOSERS: ReadonlySet<string> = new Set(CLOSER_OF.values());

export class BracketScanner {
  readonly #syntax: Syntax;
  #state = initialState();

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  get depth(): number {
    return this.#state.open.length;
  }

  get inCode(): boolean {
    return this.#state.mode === 'code';
  }

  get inLineComment(): boolean {
    return this.#state.mode === 'line-comment';
  }

  get inString(): boolean {
    return this.#state.mode === 'string';
  }

  /** Whether a string or comment is open that a line end does not end. */
  get inMultilineText(): boolean {
    if (this.#state.mode === 'string') return this.#isMultilineString();
    return this.#state.mode === 'block-comment';
  }

  /** The closer of the innermost open bracket. */
  get innermostCloser(): string | null {
    return this.#state.open.at(-1) ?? null;
  }

  /** Brackets opened after the mark and still open. */
  get openSinceMark(): number {
    return this.#state.open.length - this.#state.markedDepth;
  }

  /** A scanner that goes on from here by itself. */
  copy(): BracketScanner {
    const copy = new BracketScanner(this.#syntax);
    copy.#state = { ...this.#state, open: [...this.#state.open] };
    return copy;
  }

  /** Everything open now is what text fed from here on may close without having opened it. */
  mark(): void {
    this.#state.markedDepth = this.#state.open.length;
    this.#state.stringMarked = this.#state.mode === 'string';
  }

  feedAll(text: string): this {
    for (let i = 0; i < text.length; i++) this.feed(text.charAt(i));
    return this;
  }

  feed(char: string): BracketEvent {
    const previous = this.#state.previous;
    this.#state.previous = char;
    this.#state.position++;
    switch (this.#state.mode) {
      case 'code':
        return this.#feedCode(previous, char);
      case 'string':
        return this.#feedString(previous, char);
      case 'line-comment':
        if (char === '\n') this.#state.mode = 'code';
        return 'none';
      case 'block-comment':
        if (previous === '*' && char === '/') this.#toCode();
        return 'none';
    }
  }

  #feedCode(previous: string, char: string): BracketEvent {
    // As in regular expressions.
    if (previous === '\\') return 'none';
    if (this.#startsLineComment(previous, char)) {
      this.#state.mode = 'line-comment';
    } else if (this.#syntax.blockComments && previous === '/' && char === '*') {
      this.#state.mode = 'block-comment';
      this.#state.previous = '';
    } else if (this.#syntax.quotes.includes(char)) {
      this.#startString(char);
    } else if (CLOSERS.has(char)) {
      return this.#close(char);
    } else {
      const closer = CLOSER_OF.get(char);
      if (closer !== undefined) this.#state.open.push(closer);
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
    this.#state.triple =
      this.#syntax.tripleQuotes && this.#state.emptyStringEnd === this.#state.position - 1;
    this.#state.triple &&= this.#state.quote === quote;
    this.#state.mode = 'string';
    this.#state.quote = quote;
    this.#state.quoteStart = this.#state.position;
    this.#state.quotesInRow = 0;
  }

  #feedString(previous: string, char: string): BracketEvent {
    if (previous === '\\') {
      this.#state.previous = '';
    } else if (char === this.#state.quote) {
      return this.#feedQuote();
    } else if (char === '\n' && !this.#isMultilineString()) {
      this.#toCode();
    }
    this.#state.quotesInRow = 0;
    return 'none';
  }

  #feedQuote(): BracketEvent {
    if (this.#state.triple && ++this.#state.quotesInRow < 3) return 'none';
    if (this.#state.quoteStart === this.#state.position - 1)
      this.#state.emptyStringEnd = this.#state.position;
    const event = this.#state.stringMarked ? 'closed-marked' : 'none';
    this.#toCode();
    return event;
  }

  #isMultilineString(): boolean {
    return this.#state.triple || this.#syntax.multilineQuotes.includes(this.#state.quote);
  }

  #toCode(): void {
    this.#state.mode = 'code';
    this.#state.previous = '';
    this.#state.stringMarked = false;
  }

  #close(closer: string): BracketEvent {
    if (this.innermostCloser !== closer) return 'unopened';
    this.#state.open.pop();
    if (this.#state.open.length >= this.#state.markedDepth) return 'none';
    this.#state.markedDepth = this.#state.open.length;
    return 'closed-marked';
  }
}
