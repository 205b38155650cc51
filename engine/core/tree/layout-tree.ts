import { at } from './at.ts';
import { behindStem, type TokenTree } from './candidate-tree.ts';

/**
 * A tree as rows of one batch: all nodes in tree order, then the prompt tokens, then padding.
 *
 * A row attends to the context and to the rows of its own root-to-row path. llama.cpp knows no such
 * mask, but sequences: every leaf's path is a sequence, and a row belongs to the sequences of all
 * leaves below it. All sequences begin with the root, so each also has to hold the whole context.
 *
 * Node v at depth d stands at offset d. Prompt token i of v stands at offset d + i, in the place of
 * the token that it is to predict the successor of; its E rows are E chains that do not see each
 * other (the ensemble mask of ppd.md section 1).
 *
 *     node 0 ── node 1 ── prompt 1 ── prompt 2      sequence 0
 *        └───── prompt 1                            sequence 1
 *     offset 0      1          2           3
 */
export interface TreeLayout {
  /** Rows; all arrays below have one element for each. */
  readonly length: number;
  /** Rows 0..nodes-1 are the stem's and the tree's nodes, in order. */
  readonly nodes: number;
  /** Rows in front of the tree's root, which are evaluated alone: nothing of them comes back. */
  readonly stem: number;
  /** Token ids; -1 where the row is a prompt token. Padding repeats the root's token. */
  readonly tokens: Int32Array;
  /** Which trained embedding: (distance - 1) * E + ensemble; -1 where the row is a token. */
  readonly slots: Int32Array;
  /** Position counted from the root's. */
  readonly offsets: Int32Array;
  /** Row that comes before this one on its path; -1 for the root. */
  readonly parents: Int32Array;
  /** Node that a node's or a prompt token's row belongs to; -1 for padding. */
  readonly owners: Int32Array;
  /** Ids from 0 of the sequences that a row belongs to, rising. A row attends through the first. */
  readonly sequences: readonly (readonly number[])[];
  readonly sequenceCount: number;
}

export interface LayoutOptions {
  /** E. */
  readonly ensemble: number;
  /** Tokens that lead to the root, which are not in the context yet either; none unless told. */
  readonly stem?: readonly number[];
  /**
   * Lengths that batches are padded to, rising: graphs are reused between batches of one shape. A
   * tree longer than all of them keeps its length.
   */
  readonly shapes?: readonly number[];
}

/** Sequence ids go to 255, and one is the context's own. */
export const MOST_SEQUENCES = 255;

interface Row {
  readonly token: number;
  readonly slot: number;
  readonly offset: number;
  readonly parent: number;
  readonly owner: number;
}

export function layoutTree(
  own: TokenTree,
  { ensemble, shapes = [], stem = [] }: LayoutOptions,
): TreeLayout {
  const tree = behindStem(stem, own);
  if (shapes.length === 0 && isBareChain(tree)) return layoutChain(tree, stem.length);
  const rows: Row[] = Array.from({ length: tree.size }, (_, node) => ({
    token: at(tree.tokens, node),
    slot: -1,
    offset: at(tree.depths, node),
    parent: at(tree.parents, node),
    owner: node,
  }));
  for (let node = 0; node < tree.size; node += 1) appendPromptTokens(rows, tree, node, ensemble);
  appendPadding(rows, shapes);
  const sequences = pathSequences(rows);
  return {
    length: rows.length,
    nodes: tree.size,
    stem: stem.length,
    tokens: Int32Array.from(rows, (row) => row.token),
    slots: Int32Array.from(rows, (row) => row.slot),
    offsets: Int32Array.from(rows, (row) => row.offset),
    parents: Int32Array.from(rows, (row) => row.parent),
    owners: Int32Array.from(rows, (row) => row.owner),
    sequences,
    sequenceCount: at(sequences, 0).length,
  };
}

/** Whether every node follows the one before it, and none carries prompt tokens. */
function isBareChain({ size, parents, prompts }: TokenTree): boolean {
  for (let node = 0; node < size; node += 1) {
    if (parents[node] !== node - 1 || prompts[node] !== 0) return false;
  }
  return true;
}

/** The same as for any tree; on fast models the general way is a noticeable part of a step. */
function layoutChain({ size, tokens, parents, depths }: TokenTree, stem: number): TreeLayout {
  const only = [0];
  return {
    length: size,
    nodes: size,
    stem,
    tokens,
    slots: new Int32Array(size).fill(-1),
    offsets: depths,
    parents,
    owners: depths,
    sequences: Array.from({ length: size }, () => only),
    sequenceCount: 1,
  };
}

/**
 * Whether a layout keeps the batch rules (native.md): null, or what is wrong. llama.cpp answers some
 * of these faults by ending the process, so check before the call.
 */
export function layoutFault(layout: TreeLayout): string | null {
  const next = new Int32Array(layout.sequenceCount);
  if (layout.sequenceCount > MOST_SEQUENCES) return `${layout.sequenceCount} sequences`;
  for (let row = 0; row < layout.length; row += 1) {
    const parent = at(layout.parents, row);
    const offset = at(layout.offsets, row);
    if (parent >= row || parent < 0 !== (row === 0)) return `row ${row}: parent ${parent}`;
    if (offset !== (row === 0 ? 0 : at(layout.offsets, parent) + 1)) return `row ${row}: offset`;
    if (at(layout.tokens, row) < 0 === at(layout.slots, row) < 0)
      return `row ${row}: token or slot`;
    const ids = at(layout.sequences, row);
    if (ids.length === 0) return `row ${row}: no sequence`;
    for (const id of ids) {
      if (at(next, id) !== offset) return `row ${row}: sequence ${id} is not contiguous`;
      next[id] = offset + 1;
    }
  }
  return null;
}

function appendPromptTokens(rows: Row[], tree: TokenTree, node: number, ensemble: number): void {
  for (let chain = 0; chain < ensemble; chain += 1) {
    let parent = node;
    for (let distance = 1; distance <= at(tree.prompts, node); distance += 1) {
      const slot = (distance - 1) * ensemble + chain;
      const offset = at(tree.depths, node) + distance;
      parent = rows.push({ token: -1, slot, offset, parent, owner: node }) - 1;
    }
  }
}

/** Padding is a chain of its own below the root, so nothing ever attends to it. */
function appendPadding(rows: Row[], shapes: readonly number[]): void {
  const wanted = shapes.find((shape) => shape >= rows.length) ?? rows.length;
  const { token } = at(rows, 0);
  let parent = 0;
  for (let offset = 1; rows.length < wanted; offset += 1) {
    parent = rows.push({ token, slot: -1, offset, parent, owner: -1 }) - 1;
  }
}

/** Numbers the leaves in the order of the rows, and gives every row the leaves below it. */
function pathSequences(rows: readonly Row[]): readonly (readonly number[])[] {
  const sequences = rows.map((): number[] => []);
  const isParent = new Set(rows.map((row) => row.parent));
  let count = 0;
  for (let leaf = 0; leaf < rows.length; leaf += 1) {
    if (isParent.has(leaf)) continue;
    for (let row = leaf; row >= 0; row = at(rows, row).parent) at(sequences, row).push(count);
    count += 1;
  }
  return sequences;
}
