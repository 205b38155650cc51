/**
 * Turns the engine's raw text into what is shown at the cursor of the document as it is now. Each
 * step is a file of its own, `postprocess-*.ts`; their order matters.
 */
import { firstLine, isBlank, lastLine } from './lines.ts';
import { cleanText } from './postprocess-clean.ts';
import { fitLine } from './postprocess-line.ts';
import { rejection } from './postprocess-reject.ts';
import {
  convertIndentation,
  dropTypedIndent,
  joinSpaces,
  lineAbove,
  trimTrailing,
  type Indentation,
} from './postprocess-space.ts';
import { dropReplayedLines } from './postprocess-suffix.ts';
import type { RejectReason } from './reasons.ts';

export type { Indentation };

export interface PostprocessInput {
  /** Text before the cursor, LF line ends. */
  readonly prefix: string;
  /** Text after the cursor, LF line ends. */
  readonly suffix: string;
  /** VS Code's language identifier. */
  readonly languageId: string;
  readonly indentation: Indentation;
}

export type PostprocessOutcome =
  | {
      readonly kind: 'show';
      readonly text: string;
      /** Characters of the cursor's line, from the cursor on, that the text replaces. */
      readonly replaceLength: number;
    }
  | { readonly kind: 'reject'; readonly reason: RejectReason };

/** `raw` follows directly on the prefix: white space before the cursor is not in it again. */
export function postprocess(raw: string, input: PostprocessInput): PostprocessOutcome {
  const { suffix, languageId } = input;
  const linePrefix = lastLine(input.prefix);
  const rest = firstLine(suffix);
  const spaced = adjustSpace(cleanText(raw, input), input);
  if (isBlank(spaced)) return { kind: 'reject', reason: 'empty' };
  const fresh = dropReplayedLines(spaced, { linePrefix, suffix, languageId });
  if (isBlank(fresh)) return { kind: 'reject', reason: 'already-in-document' };
  const fitted = fitLine(fresh, { linePrefix, rest, languageId });
  if (fitted === null) return { kind: 'reject', reason: 'unbalanced' };
  const { replaceLength } = fitted;
  const text = trimTrailing(fitted.text, rest.slice(replaceLength));
  const reason = rejection({ text, replaceLength }, input);
  return reason === null ? { kind: 'show', text, replaceLength } : { kind: 'reject', reason };
}

function adjustSpace(text: string, { prefix, indentation }: PostprocessInput): string {
  const linePrefix = lastLine(prefix);
  const above = lineAbove(prefix);
  const indented = convertIndentation(text, linePrefix, indentation);
  return joinSpaces(dropTypedIndent(indented, linePrefix, above, indentation), linePrefix, above);
}
