/** What the parts of the stop rule are given, and what they answer. */

export type StopRuleName =
  | 'single-line'
  | 'next-line'
  | 'suffix-replayed'
  | 'unopened-closer'
  | 'dedent'
  | 'block-end'
  | 'repeated-line'
  | 'repeated-block'
  | 'white-space';

export interface StopContext {
  /** Text before the cursor, LF line ends. */
  readonly prefix: string;
  /** Text after the cursor, LF line ends. */
  readonly suffix: string;
  /** VS Code's language identifier. */
  readonly languageId: string;
  readonly multiline: boolean;
}

/** The completed line `start` to `end - 1` of the text; `end` is the position of its line end. */
export interface TextLine {
  readonly start: number;
  readonly end: number;
  /** As it will stand in the document: the first one begins with what is before the cursor. */
  readonly content: string;
  readonly index: number;
}

/** A rule's verdict: the end of what stays (trailing white space goes too), or null to go on. */
export type Verdict = { readonly keep: number; readonly rule: StopRuleName } | null;
