/**
 * Why a completion was not asked for, or was thrown away: the answers to "why nothing?". One plain
 * English sentence each; the extension passes it through its own localisation.
 */

/** Why no completion was asked for. */
export type GateReason =
  | 'disabled'
  | 'language-disabled'
  | 'multiple-cursors'
  | 'selection'
  | 'binary-text'
  | 'document-too-long'
  | 'line-too-long'
  | 'inside-word'
  | 'text-after-cursor'
  | 'after-closed-statement'
  | 'empty-last-line'
  | 'just-accepted';

/** Why the engine's answer was not shown. */
export type RejectReason =
  | 'empty'
  | 'single-character'
  | 'already-in-document'
  | 'rewrites-line-above'
  | 'echoes-prompt'
  | 'repetitive'
  | 'unbalanced';

const GATE_SENTENCES: Readonly<Record<GateReason, string>> = {
  disabled: 'Completion is turned off.',
  'language-disabled': 'Completion is turned off for this language.',
  'multiple-cursors': 'Completion waits while there are several cursors.',
  selection: 'Completion waits while text is selected.',
  'binary-text': 'The file does not look like text.',
  'document-too-long': 'The file is too long.',
  'line-too-long': 'The line is too long.',
  'inside-word': 'The cursor is inside a word.',
  'text-after-cursor': 'There is other text to the right of the cursor.',
  'after-closed-statement': 'The text before the cursor looks finished.',
  'empty-last-line': 'The cursor is on the empty last line.',
  'just-accepted': 'A completion has just been accepted here.',
};

const REJECT_SENTENCES: Readonly<Record<RejectReason, string>> = {
  empty: 'The model had nothing to add.',
  'single-character': 'The completion was a single character.',
  'already-in-document': 'The completion repeated the text after the cursor.',
  'rewrites-line-above': 'The completion repeated the line above.',
  'echoes-prompt': 'The completion repeated the text before the cursor.',
  repetitive: 'The completion repeated itself.',
  unbalanced: 'The brackets of the completion did not fit the line.',
};

export function explainGate(reason: GateReason): string {
  return GATE_SENTENCES[reason];
}

export function explainReject(reason: RejectReason): string {
  return REJECT_SENTENCES[reason];
}
