/** Stop rules that compare whole lines: with the document's next line, and with one another. */
import { afterFirstLine, isBlank, nonBlankLines } from '../completion/lines.ts';
import { nearEqualLines } from '../completion/similar-lines.ts';
import type { TextLine, Verdict } from './stop-verdict.ts';

/** The third line of its kind ends the text. */
const EQUAL_LINES_LIMIT = 3;

/** Lines, blank ones not counted, of a block that is recognised when it comes a second time. */
const SHORTEST_BLOCK = 2;
const LONGEST_BLOCK = 24;
/** Without a word a block is closers or numbers, which may well come twice. */
const HAS_WORD = /[\p{L}_]{2}/u;

export class LineRules {
  readonly #nextLine: string | null;
  #previous: string | null = null;
  #equalInRow = 0;
  /** End of the first of the equal lines. */
  #firstEnd = 0;
  /** Lines that are not blank. */
  readonly #written: { readonly content: string; readonly end: number }[] = [];

  constructor(suffix: string) {
    this.#nextLine = nonBlankLines(afterFirstLine(suffix), 1)[0] ?? null;
  }

  complete(line: TextLine): Verdict {
    if (isBlank(line.content)) return null;
    if (this.#nextLine !== null && nearEqualLines(line.content, this.#nextLine)) {
      return { keep: line.start, rule: 'next-line' };
    }
    return this.#countEqual(line) ?? this.#findRepeatedBlock(line);
  }

  /** The text ends with the first copy. */
  #findRepeatedBlock({ content, end }: TextLine): Verdict {
    const written = this.#written;
    written.push({ content: content.trimEnd(), end });
    for (let length = SHORTEST_BLOCK; length <= LONGEST_BLOCK; length += 1) {
      const last = written.at(-length - 1);
      if (2 * length > written.length || last === undefined) return null;
      if (this.#isRepeated(length)) return { keep: last.end, rule: 'repeated-block' };
    }
    return null;
  }

  /** Whether the last `length` lines are those in front of them. */
  #isRepeated(length: number): boolean {
    const block = this.#written.slice(-length);
    const before = this.#written.slice(-2 * length, -length);
    const isSame = block.every(({ content }, index) => before[index]?.content === content);
    return isSame && block.some(({ content }) => HAS_WORD.test(content));
  }

  /** Blank lines in between do not matter. Of the equal lines the first stays. */
  #countEqual(line: TextLine): Verdict {
    const content = line.content.trimEnd();
    if (content !== this.#previous) {
      this.#previous = content;
      this.#equalInRow = 0;
      this.#firstEnd = line.end;
    }
    this.#equalInRow++;
    return this.#equalInRow < EQUAL_LINES_LIMIT
      ? null
      : { keep: this.#firstEnd, rule: 'repeated-line' };
  }
}
