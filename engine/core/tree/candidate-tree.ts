import { at } from './at.ts';

/**
 * Shape of a candidate tree. Node 0 is the root, the token that is right already; every other node
 * is a guess. Parents come before their children. All arrays have `size` elements.
 */
export interface TreeShape {
  readonly size: number;
  /** -1 for the root. */
  readonly parents: Int32Array;
  /** 0 for the root. */
  readonly depths: Int32Array;
  /** n(v): prompt tokens that hang below each node. */
  readonly prompts: Int32Array;
}

/** A tree fixed in advance: node v is the guess of rank `ranks[v]` at its depth; -1 for the root. */
export interface RankTree extends TreeShape {
  readonly ranks: Int32Array;
}

/** A tree of this very step: node v is `tokens[v]`. */
export interface TokenTree extends TreeShape {
  readonly tokens: Int32Array;
}

/** One node to build a tree from; its index is its place in the list. */
export interface TreeNode {
  readonly parent: number;
  /** Rank or token id. */
  readonly label: number;
  readonly prompts: number;
}

/**
 * @param nodes The root first (parent -1; its label is ignored). Throws where a parent does not come
 *   first or two siblings share a rank.
 */
export function rankTree(nodes: readonly TreeNode[]): RankTree {
  const { labels, shape } = build(nodes);
  labels[0] = -1;
  return { ...shape, ranks: labels };
}

/** As `rankTree`, with token ids; the root's label is its token. */
export function tokenTree(nodes: readonly TreeNode[]): TokenTree {
  const { labels, shape } = build(nodes);
  return { ...shape, tokens: labels };
}

/** The root alone, which is plain decoding. */
export function rootTree(token: number, prompts = 0): TokenTree {
  if (prompts === 0) return chainTree(token, []);
  return tokenTree([{ parent: -1, label: token, prompts }]);
}

/** Tokens that follow each other, without prompt tokens. */
export function chainTree(root: number, tokens: readonly number[]): TokenTree {
  const size = tokens.length + 1;
  return {
    size,
    parents: Int32Array.from({ length: size }, (_, node) => node - 1),
    depths: Int32Array.from({ length: size }, (_, node) => node),
    prompts: new Int32Array(size),
    tokens: Int32Array.of(root, ...tokens),
  };
}

/** The tree with tokens in front of it, which only lead to its root. */
export function behindStem(stem: readonly number[], tree: TokenTree): TokenTree {
  if (stem.length === 0) return tree;
  const below = (value: number): number => value + stem.length;
  return {
    size: below(tree.size),
    parents: Int32Array.of(...stem.map((_, node) => node - 1), ...tree.parents.map(below)),
    depths: Int32Array.of(...stem.keys(), ...tree.depths.map(below)),
    prompts: Int32Array.of(...stem.map(() => 0), ...tree.prompts),
    tokens: Int32Array.of(...stem, ...tree.tokens),
  };
}

/**
 * A tree from rank paths (PPD's notation: [0, 2] is the third guess after the first). Paths may come
 * in any order, but every prefix of a path has to be there.
 *
 * @param promptsAt n(v) by path; the root is [].
 */
export function rankTreeFromPaths(
  paths: readonly (readonly number[])[],
  promptsAt: (path: readonly number[]) => number,
): RankTree {
  const indexOf = new Map<string, number>([['', 0]]);
  const nodes: TreeNode[] = [{ parent: -1, label: -1, prompts: promptsAt([]) }];
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    const parent = indexOf.get(path.slice(0, -1).join());
    const label = path.at(-1);
    if (parent === undefined || label === undefined) {
      throw new RangeError(`The path [${path.join()}] has no parent in the tree.`);
    }
    indexOf.set(path.join(), nodes.length);
    nodes.push({ parent, label, prompts: promptsAt(path) });
  }
  return rankTree(nodes);
}

/** Rows of one forward pass: every node, and E rows for each prompt token. */
export function forwardLength(tree: TreeShape, ensemble: number): number {
  return tree.size + ensemble * tree.prompts.reduce((sum, count) => sum + count, 0);
}

/** Greatest depth of a node. */
export function treeDepth(tree: TreeShape): number {
  return tree.depths.reduce((deepest, depth) => Math.max(deepest, depth), 0);
}

/** Nodes from the root to `node`, both included. */
export function pathTo(tree: TreeShape, node: number): readonly number[] {
  const path: number[] = [];
  for (let each = node; each >= 0; each = at(tree.parents, each)) path.push(each);
  return path.reverse();
}

/** Children of each node, in order. */
export function childrenOf(tree: TreeShape): readonly (readonly number[])[] {
  const children = Array.from({ length: tree.size }, (): number[] => []);
  for (let node = 1; node < tree.size; node += 1) at(children, at(tree.parents, node)).push(node);
  return children;
}

function build(nodes: readonly TreeNode[]): { labels: Int32Array; shape: TreeShape } {
  const depths = new Int32Array(nodes.length);
  const siblings = new Set<string>();
  for (const [index, { parent, label, prompts }] of nodes.entries()) {
    if (index === 0 ? parent !== -1 : parent < 0 || parent >= index) {
      throw new RangeError(`Node ${index} has the parent ${parent}, which does not come first.`);
    }
    if (prompts < 0) throw new RangeError(`Node ${index} has ${prompts} prompt tokens.`);
    if (index === 0) continue;
    depths[index] = at(depths, parent) + 1;
    const key = `${parent},${label}`;
    if (siblings.has(key)) throw new RangeError(`Two children of node ${parent} are ${label}.`);
    siblings.add(key);
  }
  return {
    labels: Int32Array.from(nodes, (node) => node.label),
    shape: {
      size: nodes.length,
      parents: Int32Array.from(nodes, (node) => node.parent),
      depths,
      prompts: Int32Array.from(nodes, (node) => node.prompts),
    },
  };
}
