/**
 * While an item of the suggest widget is selected, the editor shows only completions that replace
 * the item's range and begin with its text. The completion is therefore asked for as if the item
 * had been accepted, and the item's text is put in front of the answer.
 */

/** The selected item: replaces text on both sides of the cursor with `text`. */
export interface SelectedSuggestion {
  readonly text: string;
  /** Characters before the cursor that the item replaces. */
  readonly replacesBefore: number;
  /** Characters after the cursor that the item replaces. */
  readonly replacesAfter: number;
}

export interface AroundCursor {
  readonly prefix: string;
  readonly suffix: string;
}

/** The text around the cursor as it would be with the item accepted. */
export function withSelected(around: AroundCursor, selected: SelectedSuggestion): AroundCursor {
  const kept = Math.max(0, around.prefix.length - selected.replacesBefore);
  return {
    prefix: around.prefix.slice(0, kept) + selected.text,
    suffix: around.suffix.slice(selected.replacesAfter),
  };
}

/** The text for the item's range, widened at its end by the completion's own `replaceLength`. */
export function extendSelected(selected: SelectedSuggestion, completion: string): string {
  return selected.text + completion;
}
