/** What the download's worker thread and the engine tell each other. */

export interface DownloadTask {
  readonly uri: string;
  readonly folder: string;
  readonly fileName: string;
}

export type DownloadMessage =
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number | null }
  | { readonly kind: 'done'; readonly sizeBytes: number | null; readonly sha256: string | null }
  /** `status` of an HTTP answer, or `code` of a system error, or neither. */
  | {
      readonly kind: 'failed';
      readonly status: number | null;
      readonly code: string | null;
      readonly message: string;
    };
