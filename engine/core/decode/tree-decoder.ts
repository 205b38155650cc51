import type { TreeLayout } from '../tree/layout-tree.ts';
import type { Decoder, TokenRow } from './decoder.ts';

/**
 * The seam between tree decoding and whatever computes logits: a decoder that can also verify a tree
 * of candidates in one forward pass.
 */
export interface TreeDecoder extends Decoder {
  /** The trained prompt tokens: m of them, each the mean of E rows. m = 0 where there are none. */
  readonly promptTokens: { readonly count: number; readonly ensemble: number };
  /**
   * One forward pass over a layout that `layoutFault` finds nothing wrong with and that fits
   * (`length + layout.length <= capacity`). Its root stands at position `length`; each row attends to
   * the cache and to its own path alone. The cache keeps nothing of it until `keep` is called.
   *
   * Null when the pass was cancelled: the cache is then what it was before the call.
   */
  forward(layout: TreeLayout): Promise<TreeRows | null>;
  /**
   * Appends the accepted nodes of the last forward pass to the cache and drops the rest of it,
   * prompt tokens and padding included.
   *
   * @param path Rows of nodes from row 0 down, at least as far as the root.
   */
  keep(path: readonly number[]): void;
}

/** What a forward pass over a tree found, by node behind the stem. */
export interface TreeRows {
  /** The model's row after each node. */
  readonly nodes: readonly TokenRow[];
  /**
   * `[v][i]`: the row of prompt token i + 1 of node v, averaged over its E rows: guesses for the
   * token at distance i + 1 after the one that v's own row decides.
   */
  readonly guesses: readonly (readonly TokenRow[])[];
}
