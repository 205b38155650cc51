import type { BenchView } from './view.ts';

/** From the extension to the results page. */
export interface ShowMessage {
  readonly kind: 'show';
  readonly view: BenchView;
}

/** What the user does on the results page. */
export type PageMessage =
  /** The page is there and waits for a view. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'export'; readonly format: ExportFormat }
  | { readonly kind: 'copy' }
  | { readonly kind: 'apply' }
  | { readonly kind: 'runAgain' }
  | { readonly kind: 'select'; readonly runId: string }
  /** Null: no longer. */
  | { readonly kind: 'compare'; readonly runId: string | null }
  /** Content security policy; must not happen. */
  | { readonly kind: 'violation'; readonly text: string };

export type ExportFormat = 'json' | 'markdown';

/** What the page keeps for the next start of the editor. */
export interface PageState {
  readonly runId: string;
  readonly comparedId: string | null;
}

/** Null for what is no state: it comes from the editor's storage. */
export function parsePageState(value: unknown): PageState | null {
  if (typeof value !== 'object' || value === null) return null;
  const { runId, comparedId } = value as Record<string, unknown>;
  if (typeof runId !== 'string') return null;
  return { runId, comparedId: typeof comparedId === 'string' ? comparedId : null };
}
