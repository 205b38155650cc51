/** What the results page shows, as plain data: types alone, for the extension and its webview. */

export interface BenchView {
  readonly runId: string;
  readonly title: string;
  /** The result in a sentence or two. */
  readonly headline: string;
  readonly lossless: { readonly ok: boolean; readonly text: string };
  readonly facts: readonly Fact[];
  readonly summary: TableView;
  readonly charts: readonly ChartView[];
  readonly details: readonly TableView[];
  readonly best: BestView;
  /** All runs that are kept, newest first. */
  readonly runs: readonly RunChoice[];
  readonly comparison: ComparisonView | null;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface BestView {
  /** Of the button; null = nothing to apply. */
  readonly action: string | null;
  readonly text: string;
}

export interface RunChoice {
  readonly id: string;
  readonly label: string;
}

export interface ComparisonView {
  readonly runId: string;
  readonly table: TableView;
  /** Why the figures may not be comparable. */
  readonly warnings: readonly string[];
}

export interface TableView {
  readonly caption: string;
  readonly columns: readonly ColumnView[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
}

export interface ColumnView {
  readonly title: string;
  readonly numeric: boolean;
}

/** A chart; its table says the same in text. */
export interface ChartView {
  readonly title: string;
  /** What a screen reader says instead of the picture. */
  readonly description: string;
  readonly kind: 'bars' | 'lines';
  readonly x: AxisView;
  readonly y: { readonly title: string; readonly percent: boolean };
  readonly series: readonly SeriesView[];
  /** A line across, such as plain decoding. */
  readonly reference: { readonly value: number; readonly label: string } | null;
  readonly table: TableView;
}

export type AxisView =
  | { readonly kind: 'categories'; readonly title: string; readonly labels: readonly string[] }
  | { readonly kind: 'numbers'; readonly title: string; readonly values: readonly number[] };

/** Values per label or number of the x axis; null = none. */
export interface SeriesView {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Ends of the intervals. */
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}
