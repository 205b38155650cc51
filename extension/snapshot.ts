import {
  withSelected,
  type SelectedSuggestion,
} from '../engine/core/completion/selected-suggestion.ts';

/** The document around the cursor as plain data, with LF line ends. Positions do not depend on them. */
export interface Snapshot {
  readonly uri: string;
  /** Workspace-relative path, or the file's name: what the model is told. */
  readonly path: string;
  readonly languageId: string;
  /** The window's text before the cursor. */
  readonly prefix: string;
  /** The window's text after the cursor. */
  readonly suffix: string;
  /** Characters of the document before the cursor, a line end counted as one. */
  readonly cursorOffset: number;
  readonly documentLengthChars: number;
  readonly isLastLine: boolean;
}

/** The document as it would be with the suggestion accepted: what a completion has to extend. */
export function withSuggestion(snapshot: Snapshot, selected: SelectedSuggestion | null): Snapshot {
  if (selected === null) return snapshot;
  const added = selected.text.length - selected.replacesBefore;
  return {
    ...snapshot,
    ...withSelected(snapshot, selected),
    cursorOffset: snapshot.cursorOffset + added,
    documentLengthChars: snapshot.documentLengthChars + added - selected.replacesAfter,
  };
}

export function toLf(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}
