import type { DocumentContext, NeighbourText } from '../protocol.ts';

/** As many as index in a millisecond or two, when they change. */
export const MOST_NEIGHBOUR_TOKENS = 16_384;

/** Tokenised at a time: less than a millisecond, which is what a completion may have to wait. */
const PIECE_CHARS = 2_000;

/** Text by which the ends of the window are found again in the file. */
const ANCHOR_CHARS = 200;

interface Piece {
  readonly start: number;
  readonly text: string;
  tokens: readonly number[] | null;
}

interface NeighbourFile {
  readonly source: NeighbourText;
  readonly pieces: readonly Piece[];
}

/**
 * What n-gram chains may be looked up in beside the prompt: the texts of open files, tokenised bit by
 * bit while nothing else is to be done. Held in memory alone.
 */
export class NeighbourTokens {
  readonly #tokenize: (text: string) => ArrayLike<number>;
  #sources: readonly NeighbourText[] = [];
  #files: readonly NeighbourFile[] = [];

  constructor(tokenize: (text: string) => ArrayLike<number>) {
    this.#tokenize = tokenize;
  }

  /** @param sources The most recently used first. Pieces that stay the same keep their tokens. */
  replace(sources: readonly NeighbourText[]): void {
    if (sources === this.#sources) return;
    this.#sources = sources;
    const known = new Map<string, readonly number[]>();
    for (const { text, tokens } of this.#pieces()) if (tokens !== null) known.set(text, tokens);
    this.#files = sources.map((source) => ({
      source,
      pieces: piecesOf(source.text).map(({ start, text }) => {
        return { start, text, tokens: known.get(text) ?? null };
      }),
    }));
  }

  /** Tokenises one more piece; false when there is no need to. */
  advance(): boolean {
    let count = 0;
    for (const piece of this.#pieces()) {
      if (count >= MOST_NEIGHBOUR_TOKENS) return false;
      if (piece.tokens === null) {
        piece.tokens = Array.from(this.#tokenize(piece.text));
        return true;
      }
      count += piece.tokens.length;
    }
    return false;
  }

  /**
   * Tokens for a completion, the most telling text last. Of the document itself it is what lies
   * outside of the window: what the prompt holds must not count twice.
   */
  textsFor(document: DocumentContext): readonly (readonly number[])[] {
    const texts: (readonly number[])[] = [];
    let room = MOST_NEIGHBOUR_TOKENS;
    for (const { source, pieces } of this.#files) {
      for (const part of partsOutside(source, pieces, document)) {
        const tokens = joined(part).slice(0, room);
        room -= tokens.length;
        texts.push(tokens);
      }
    }
    return texts.filter(({ length }) => length > 0).reverse();
  }

  *#pieces(): Iterable<Piece> {
    for (const { pieces } of this.#files) yield* pieces;
  }
}

function partsOutside(
  source: NeighbourText,
  pieces: readonly Piece[],
  document: DocumentContext,
): readonly (readonly Piece[])[] {
  if (source.path !== document.path) return [pieces];
  const window = windowIn(source.text, document);
  if (window === null) return [];
  return [
    pieces.filter(({ start, text }) => start + text.length <= window.start),
    pieces.filter(({ start }) => start >= window.end),
  ];
}

/**
 * Where the window lies in a text of the same file that may be a little older. It is taken too large
 * rather than too small; null where it cannot be told.
 */
function windowIn(
  text: string,
  { prefix, suffix }: DocumentContext,
): { readonly start: number; readonly end: number } | null {
  const tail = suffix.slice(-ANCHOR_CHARS);
  const start = text.indexOf(prefix.slice(0, ANCHOR_CHARS));
  const last = text.lastIndexOf(tail);
  return start < 0 || last < start ? null : { start, end: last + tail.length };
}

/** Up to the first piece that has no tokens yet. */
function joined(pieces: readonly Piece[]): readonly number[] {
  const end = pieces.findIndex(({ tokens }) => tokens === null);
  return pieces.slice(0, end < 0 ? pieces.length : end).flatMap(({ tokens }) => tokens ?? []);
}

/** Whole lines, unless one is longer than a piece. */
function piecesOf(text: string): readonly Omit<Piece, 'tokens'>[] {
  const pieces: Omit<Piece, 'tokens'>[] = [];
  for (let start = 0; start < text.length;) {
    const limit = start + PIECE_CHARS;
    const lineEnd = limit < text.length ? text.lastIndexOf('\n', limit - 1) + 1 : text.length;
    const end = lineEnd > start ? lineEnd : limit;
    pieces.push({ start, text: text.slice(start, end) });
    start = end;
  }
  return pieces;
}
