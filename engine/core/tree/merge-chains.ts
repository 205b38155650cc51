import { at } from './at.ts';
import { tokenTree, type TokenTree, type TreeNode } from './candidate-tree.ts';

/**
 * Adds chains of tokens below the root of a tree; what a chain shares with the tree or with an
 * earlier chain is not added again. New nodes carry no prompt tokens. Stops in front of the node
 * that would exceed `size` nodes.
 */
export function mergeChains(
  tree: TokenTree,
  chains: readonly (readonly number[])[],
  size = Infinity,
): TokenTree {
  const nodes: TreeNode[] = Array.from({ length: tree.size }, (_, node) => ({
    parent: at(tree.parents, node),
    label: at(tree.tokens, node),
    prompts: at(tree.prompts, node),
  }));
  const known = new Map(nodes.map(({ parent, label }, node) => [`${parent},${label}`, node]));
  for (const chain of chains) {
    let parent = 0;
    for (const label of chain) {
      const key = `${parent},${label}`;
      const there = known.get(key);
      if (there === undefined && nodes.length >= size) return tokenTree(nodes);
      parent = there ?? nodes.push({ parent, label, prompts: 0 }) - 1;
      known.set(key, parent);
    }
  }
  return tokenTree(nodes);
}
