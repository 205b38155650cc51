/**
 * When to stop decoding although the model goes on. A stop rule reads each code unit of the growing
 * text once; what it decides never depends on the pieces in which the text came.
 *
 * Not a rule: the first blank line. The deadline and the model's own end tokens are the caller's.
 */
import { firstLine, isBlank, lastLine, trimmedEnd, wholeCharacters } from '../completion/lines.ts';
import { BlockRules } from './stop-blocks.ts';
import { LineRules } from './stop-lines.ts';
import type { StopContext, StopRuleName, TextLine, Verdict } from './stop-verdict.ts';

export type { StopContext, StopRuleName };

/** White space in a row after which nothing is expected to follow. */
const WHITE_SPACE_LIMIT_CHARS = 250;
/** So many characters of the text found at the suffix's start mean that the suffix is replayed. */
const REPLAYED_SUFFIX_CHARS = 20;

export type StopCheck =
  | { readonly kind: 'continue' }
  /** `keep`: characters of the text that stay. */
  | { readonly kind: 'stop'; readonly keep: number; readonly rule: StopRuleName };

export interface StopRule {
  /** `text` is all text so far: the text of the call before with more behind it. */
  check(text: string): StopCheck;
}

export function createStopRule(context: StopContext): StopRule {
  return new IncrementalStopRule(context);
}

const CONTINUE: StopCheck = { kind: 'continue' };

class IncrementalStopRule implements StopRule {
  readonly #multiline: boolean;
  readonly #linePrefix: string;
  readonly #suffixStart: string;
  readonly #lines: LineRules;
  readonly #blocks: BlockRules;
  #seen = 0;
  #lineStart = 0;
  #lineIndex = 0;
  #whiteSpace = 0;
  #stopped: StopCheck = CONTINUE;

  constructor(context: StopContext) {
    this.#multiline = context.multiline;
    this.#linePrefix = lastLine(context.prefix);
    this.#suffixStart = replayedStart(context.suffix);
    this.#lines = new LineRules(context.suffix);
    this.#blocks = new BlockRules(context);
  }

  check(text: string): StopCheck {
    while (this.#stopped.kind === 'continue' && this.#seen < text.length) {
      const verdict = this.#read(text, this.#seen++);
      if (verdict === null) continue;
      const keep = wholeCharacters(text, trimmedEnd(text, verdict.keep));
      this.#stopped = { kind: 'stop', keep, rule: verdict.rule };
    }
    return this.#stopped;
  }

  #read(text: string, at: number): Verdict {
    const char = text.charAt(at);
    if (char !== '\n') return this.#readWithinLine(text, at, char);
    const line = this.#completeLine(text, at);
    return (
      this.#lines.complete(line) ??
      this.#findSuffix(text, at, char) ??
      this.#endLine(line, text) ??
      this.#countWhiteSpace(char, at)
    );
  }

  #readWithinLine(text: string, at: number, char: string): Verdict {
    return (
      this.#countWhiteSpace(char, at) ??
      this.#findSuffix(text, at, char) ??
      this.#blocks.read(char, at)
    );
  }

  #countWhiteSpace(char: string, at: number): Verdict {
    this.#whiteSpace = char.trim() === '' ? this.#whiteSpace + 1 : 0;
    return this.#whiteSpace < WHITE_SPACE_LIMIT_CHARS
      ? null
      : { keep: at + 1 - this.#whiteSpace, rule: 'white-space' };
  }

  #findSuffix(text: string, at: number, char: string): Verdict {
    const wanted = this.#suffixStart;
    if (char !== wanted.at(-1)) return null;
    const start = at + 1 - wanted.length;
    return text.startsWith(wanted, start) && start >= 0
      ? { keep: start, rule: 'suffix-replayed' }
      : null;
  }

  #completeLine(text: string, end: number): TextLine {
    const start = this.#lineStart;
    const index = this.#lineIndex++;
    this.#lineStart = end + 1;
    const before = index === 0 ? this.#linePrefix : '';
    return { start, end, index, content: before + text.slice(start, end) };
  }

  #endLine(line: TextLine, text: string): Verdict {
    const verdict = this.#blocks.complete(line);
    if (verdict !== null || this.#multiline || isBlank(text.slice(0, line.end))) return verdict;
    return { keep: line.end, rule: 'single-line' };
  }
}

/**
 * The suffix's start by which a replay is known, empty when it is too short. Of the lines below only
 * whole ones: many lines begin like the next one and then say something else.
 */
function replayedStart(suffix: string): string {
  const start = suffix.trimStart();
  const onCursorLine = !isBlank(firstLine(suffix));
  const lineEnd = start.indexOf('\n', REPLAYED_SUFFIX_CHARS - 1);
  const length = onCursorLine ? REPLAYED_SUFFIX_CHARS : lineEnd + 1;
  return start.length < REPLAYED_SUFFIX_CHARS ? '' : start.slice(0, length);
}
