/** Stop rules that compare whole lines: with the document's next line, and with one another. */
import { afterFirstLine, isBlank, nonBlankLines } from '../completion/lines.ts';
import { nearEqualLines } from '../completion/similar-lines.ts';
import type { TextLine, Verdict } from './stop-verdict.ts';

/** The third line of its kind ends the text. */
const EQUAL_LINES_LIMIT = 3;

export class LineRules {
  readonly #nextLine: string | null;
  #previous: string | null = null;
  #equalInRow = 0;
  /** End of the first of the equal lines. */
  #firstEnd = 0;

  constructor(suffix: string) {
    this.#nextLine = nonBlankLines(afterFirstLine(suffix), 1)[0] ?? null;
  }

  complete(line: TextLine): Verdict {
    if (isBlank(line.content)) return null;
    if (this.#nextLine !== null && nearEqualLines(line.content, this.#nextLine)) {
      return { keep: line.start, rule: 'next-line' };
    }
    return this.#countEqual(line);
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
