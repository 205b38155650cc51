/** Turns the engine's raw text into what is shown at the cursor of the document as it is now. */
import type { RejectReason } from './reasons.ts';

export interface Indentation {
  /** Whether the editor indents with spaces. */
  readonly insertSpaces: boolean;
  /** Columns of a tab, and of one level of indentation. */
  readonly tabSize: number;
}

export interface PostprocessInput {
  /** Text before the cursor, LF line ends. */
  readonly prefix: string;
  /** Text after the cursor, LF line ends. */
  readonly suffix: string;
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
  if (raw === '' || input.prefix === '') return { kind: 'reject', reason: 'empty' };
  return { kind: 'show', text: raw, replaceLength: 0 };
}
