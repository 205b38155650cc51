/**
 * Stop rules about the block that the cursor is in: the text must not leave it. One line that ends
 * the block may be written where the document has not ended it yet, i.e. where what follows is less
 * indented and no closer; `} else {` and the like go on.
 */
import { BracketScanner, type BracketEvent } from '../completion/bracket-scanner.ts';
import {
  afterFirstLine,
  indentColumns,
  isBlank,
  lastLine,
  nonBlankLines,
} from '../completion/lines.ts';
import { syntaxOf, type Syntax } from '../completion/syntax.ts';
import type { StopContext, TextLine, Verdict } from './stop-verdict.ts';

/** Text before the cursor that is searched for open brackets. */
const PREFIX_TAIL_CHARS = 4_000;
const STARTS_WITH_CLOSER = /^\s*[)\]}]/;
/** Lines that end a block by a word. */
const END_WORD = /^\s*(?:end|fi|done|esac|endif|endfor|endwhile|endfunction)\b/;
/** Words that go on with the statement of the block before, alone or behind its closer. */
const CONTINUATION =
  /^\s*(?:[)\]}]*\s*(?:else|elif|elseif|elsif|catch|except|finally|rescue|ensure|when)|[)\]}]+\s*while)\b/;
/** Less indented by convention, in relatives of C: labels, access specifiers, the preprocessor. */
const OUTDENTED = /^\s*(?:#|[A-Za-z_]\w*(?:\s+\w+)?\s*:\s*$|case\b|default\b)/;

/** A line so far that may become a label or begin with any word. */
const UNDECIDED_HEAD = /^\s*[\w\s:]*$/;
/** A line that is looked at whole. */
const MAY_LEAVE_HEAD = new RegExp(
  `${STARTS_WITH_CLOSER.source}|${END_WORD.source}|${CONTINUATION.source}|^\\s*(?:#|case\\b|default\\b)`,
);

export class BlockRules {
  readonly #syntax: Syntax;
  readonly #scanner: BracketScanner;
  readonly #linePrefix: string;
  readonly #lineDepth: number;
  /** Whether the cursor's line opens a block that ends by indentation. */
  readonly #opensIndentedBlock: boolean;
  /** Whether a line that ends the block may still be written. */
  #blockEndAllowed: boolean;
  /** Columns of indentation below which the text has left its block. */
  #startColumns: number | null;
  /** Whether the present line began inside a string or comment. */
  #startedInText: boolean;
  #onlyClosersSoFar: boolean;
  #unopenedInLine = false;
  /** The present line until it shows whether it may be less indented; then null. */
  #head: string | null = null;
  #lineStart = 0;

  constructor({ prefix, suffix, languageId }: StopContext) {
    this.#syntax = syntaxOf(languageId);
    this.#linePrefix = lastLine(prefix);
    const above = prefix.slice(0, prefix.length - this.#linePrefix.length);
    this.#scanner = new BracketScanner(this.#syntax).feedAll(tailOfLines(above));
    this.#lineDepth = this.#scanner.depth;
    this.#startedInText = this.#scanner.inMultilineText;
    this.#scanner.feedAll(this.#linePrefix).mark();
    this.#onlyClosersSoFar = isBlank(this.#linePrefix);
    this.#startColumns = isBlank(this.#linePrefix) ? null : indentColumns(this.#linePrefix);
    this.#opensIndentedBlock = this.#syntax.indentedBlocks && /:\s*$/.test(this.#linePrefix);
    this.#blockEndAllowed = mayEndBlock(suffix, indentColumns(this.#linePrefix));
  }

  /** A code unit that is no line end. */
  read(char: string, at: number): Verdict {
    const event = this.#scanner.feed(char);
    const left = this.#readHead(char);
    if (left !== null || char.trim() === '') return left;
    const isCloser = ')]}'.includes(char);
    if (!isCloser) this.#onlyClosersSoFar = false;
    if (!isCloser || !this.#leavesBracket(event)) return null;
    if (this.#syntax.prose || (char === ')' && this.#syntax.loneParentheses)) return null;
    if (this.#onlyClosersSoFar) {
      // The whole line decides: it may be `} else {`.
      this.#unopenedInLine = true;
      return null;
    }
    if (event !== 'unopened' && this.#takeBlockEnd()) return null;
    return { keep: at, rule: 'unopened-closer' };
  }

  /** Stops early in a line that has left the block, unless its end may still change that. */
  #readHead(char: string): Verdict {
    if (this.#head === null || this.#startColumns === null) return null;
    const head = this.#head + char;
    const stays = !isBlank(head) && indentColumns(head) >= this.#startColumns;
    const undecided = !stays && UNDECIDED_HEAD.test(head);
    this.#head = undecided ? head : null;
    if (stays || undecided || MAY_LEAVE_HEAD.test(head)) return null;
    return { keep: this.#lineStart, rule: 'dedent' };
  }

  complete(line: TextLine): Verdict {
    const inText = this.#startedInText;
    const unopened = this.#unopenedInLine;
    this.#scanner.feed('\n');
    this.#startedInText = this.#scanner.inMultilineText;
    this.#onlyClosersSoFar = true;
    this.#unopenedInLine = false;
    this.#lineStart = line.end + 1;
    this.#head = this.#startedInText || this.#syntax.prose ? null : '';
    if (inText || this.#syntax.prose || isBlank(line.content)) return null;
    if (unopened && !this.#mayLeave(line.content)) {
      return { keep: line.start, rule: 'unopened-closer' };
    }
    return this.#checkIndentation(line, unopened);
  }

  #checkIndentation(line: TextLine, endsBlock: boolean): Verdict {
    const columns = indentColumns(line.content);
    const start = (this.#startColumns ??= Math.max(columns, indentColumns(this.#linePrefix)));
    if (line.index > 0 && this.#opensIndentedBlock && columns <= start) {
      if (!CONTINUATION.test(line.content)) return { keep: line.start, rule: 'block-end' };
    }
    if (columns >= start || endsBlock || this.#isOutdented(line.content)) return null;
    return this.#mayLeave(line.content) ? null : { keep: line.start, rule: 'dedent' };
  }

  #isOutdented(line: string): boolean {
    return this.#syntax.lineComments.includes('//') && OUTDENTED.test(line);
  }

  /** Whether a line that leaves the block may stand: it goes on with another, or ends the block. */
  #mayLeave(line: string): boolean {
    if (CONTINUATION.test(line)) return true;
    return (STARTS_WITH_CLOSER.test(line) || END_WORD.test(line)) && this.#takeBlockEnd();
  }

  #takeBlockEnd(): boolean {
    const allowed = this.#blockEndAllowed;
    this.#blockEndAllowed = false;
    return allowed;
  }

  /**
   * Whether a closer closed what was opened above the cursor's line, or nothing. One that does not
   * fit an opener of the text is something else: a part of a regular expression, say.
   */
  #leavesBracket(event: BracketEvent): boolean {
    if (event === 'unopened') return this.#scanner.openSinceMark === 0;
    return event === 'closed-marked' && this.#scanner.depth < this.#lineDepth;
  }
}

/** The end of the text from a line start on. */
function tailOfLines(text: string): string {
  if (text.length <= PREFIX_TAIL_CHARS) return text;
  const tail = text.slice(-PREFIX_TAIL_CHARS);
  return tail.slice(tail.indexOf('\n') + 1);
}

function mayEndBlock(suffix: string, startColumns: number): boolean {
  const next = nonBlankLines(afterFirstLine(suffix), 1)[0];
  if (next === undefined) return true;
  return indentColumns(next) < startColumns && !STARTS_WITH_CLOSER.test(next);
}
