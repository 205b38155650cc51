import type { TokenRow } from '../decode/decoder.ts';
import { at } from './at.ts';
import {
  rootTree,
  tokenTree,
  type RankTree,
  type TokenTree,
  type TreeNode,
} from './candidate-tree.ts';

/** What a policy may build a tree from. */
export interface PlanInput {
  /** The token that the tree begins with: decided, but not in the cache yet. */
  readonly root: number;
  /** Guesses for the tokens at distance 1, 2, ... after the root. Their number is the state. */
  readonly guesses: readonly TokenRow[];
  /** Rows that the forward pass may have, all prompt tokens included. */
  readonly maxLength: number;
  /** Tokens of the prompt that the same pass evaluates in front of the root; none unless told. */
  readonly reads?: number;
  /** Tokens that the step may yield before the rest of them is of no use; no limit unless told. */
  readonly wanted?: number;
  /** Tokens that nothing follows: as the bonus token they come out without a row of their own. */
  readonly isEnd: (token: number) => boolean;
}

/** Decides which tree the next step verifies. It cannot change the text, only how soon it comes. */
export interface TreePolicy {
  /** A tree over `maxLength` is as good as none. */
  plan(input: PlanInput): TokenTree;
  /**
   * Told after every step.
   *
   * @param tokens What came out; the first stands at distance 1 after the step's root.
   * @param guesses What the step's tree was made from.
   */
  observe(tokens: readonly number[], guesses: readonly TokenRow[]): void;
}

/**
 * Puts the guesses into a tree of ranks. Nodes without a guess, and end tokens, are left out with all
 * that follows them.
 */
function fillRanks(
  tree: RankTree,
  { root, guesses, isEnd }: Pick<PlanInput, 'root' | 'guesses' | 'isEnd'>,
): TokenTree {
  const nodes: TreeNode[] = [];
  const placed = new Map<number, number>();
  for (let node = 0; node < tree.size; node += 1) {
    const parent = node === 0 ? -1 : placed.get(at(tree.parents, node));
    const guess = guesses[at(tree.depths, node) - 1]?.ids[at(tree.ranks, node)];
    const label = node === 0 ? root : guess;
    if (parent === undefined || label === undefined) continue;
    if (node > 0 && isEnd(label)) continue;
    placed.set(node, nodes.push({ parent, label, prompts: at(tree.prompts, node) }) - 1);
  }
  return tokenTree(nodes);
}

/**
 * One fixed tree for each state, from optimal-tree.ts or build-tree.ts. Trees that do not fit give
 * way to plain decoding.
 */
export class StaticPolicy implements TreePolicy {
  readonly #trees: readonly RankTree[];

  /** @param trees T_0..T_m. */
  constructor(trees: readonly RankTree[]) {
    this.#trees = trees;
  }

  plan(input: PlanInput): TokenTree {
    const tree = this.#trees[Math.min(input.guesses.length, this.#trees.length - 1)];
    return tree === undefined ? rootTree(input.root) : fillRanks(tree, input);
  }

  observe(): void {
    // Nothing to learn.
  }
}
