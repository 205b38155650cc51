import { tokenTree, type TokenTree, type TreeNode } from '../tree/candidate-tree.ts';

export interface MeasuringTree {
  /** Rows of the pass, from 1. */
  readonly rows: number;
  readonly vocabularySize: number;
  readonly promptTokens: { readonly count: number; readonly ensemble: number };
}

/** What n-grams propose: one path. */
export function chainOf({ rows, vocabularySize }: MeasuringTree): TokenTree {
  const nodes = Array.from({ length: rows }, (_, index) => ({
    parent: index - 1,
    label: tokenOf(index, vocabularySize),
    prompts: 0,
  }));
  return tokenTree(nodes);
}

/**
 * What prompt tokens come to at a length: about half of the rows prompt tokens, most of them at the
 * root, and candidates that branch in two. Exactly `rows` rows.
 */
export function promptTreeOf({ rows, vocabularySize, promptTokens }: MeasuringTree): TokenTree {
  const { count, ensemble } = promptTokens;
  const atRoot = Math.min(count, Math.max(Number(rows > ensemble), halfOf(rows, ensemble)));
  const nodes: TreeNode[] = [{ parent: -1, label: tokenOf(0, vocabularySize), prompts: atRoot }];
  let left = rows - 1 - atRoot * ensemble;
  while (left > 0) {
    const prompts = left > ensemble && count > 0 ? 1 : 0;
    const index = nodes.length;
    const label = tokenOf(index, vocabularySize);
    nodes.push({ parent: Math.floor((index - 1) / 2), label, prompts });
    left -= 1 + prompts * ensemble;
  }
  return tokenTree(nodes);
}

/** Any tokens serve, if siblings differ; the first ones of a vocabulary are often special. */
function tokenOf(index: number, vocabularySize: number): number {
  return (300 + index) % vocabularySize;
}

function halfOf(rows: number, ensemble: number): number {
  return Math.floor((rows - 1) / (2 * ensemble));
}
