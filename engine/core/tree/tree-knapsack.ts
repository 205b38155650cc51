import type { Accuracies } from './accuracies.ts';
import { at } from './at.ts';
import { rankTree, type RankTree, type TreeNode } from './candidate-tree.ts';

/**
 * The best tree of every size at once.
 *
 * What a node with C(v) = 1 at depth d can gain with n rows at most (itself, its prompt tokens and
 * everything below) depends on d and n alone, since every chance below scales with C(v):
 *
 *     W_d(n) = max over j of  h_j + K_dj(n - 1 - j E)
 *     K_dj(b) = max over sizes s_r with sum <= b of  sum_r p(d+1, r) (1 + W_(d+1)(s_r) - h_j)
 *
 * where j is the number of prompt tokens that the node carries, h_j what it is worth to be in state
 * j (markov-chain.ts), and a candidate of size 0 is left out. It is V(d, C, state) of ppd.md section
 * 4 with the price per row replaced by the rows themselves, so it also finds the trees that no price
 * selects. Time: depth * states * ranks * length * (length where W stops rising).
 */
export interface KnapsackInput {
  readonly accuracies: Accuracies;
  /** Deepest candidate: the state the tree is for. */
  readonly depth: number;
  readonly ensemble: number;
  /** h_0..h_m; m = length - 1. */
  readonly values: Float64Array;
  /** Rows of the largest tree. */
  readonly length: number;
}

export interface TreesBySize {
  /** f(T) + sum of q(v) h_n(v) of the best tree with at most `length` rows. */
  value(length: number): number;
  tree(length: number): RankTree;
}

/** W_d and how it comes about, by size. */
interface Level {
  readonly value: Float64Array;
  /** j of the maximum. */
  readonly prompts: Int32Array;
  /** No larger size is worth more. */
  readonly useful: number;
  /** K_dj's choices: rows given to rank r when ranks 0..r share a budget, at `[j][r][budget]`. */
  readonly shares: readonly (readonly Int32Array[])[];
}

export function bestTreesBySize(input: KnapsackInput): TreesBySize {
  const levels: Level[] = [];
  const depth = Math.min(input.depth, input.accuracies.length);
  for (let d = depth; d >= 0; d -= 1) levels[d] = level(input, d, levels[d + 1]);
  return {
    value: (length) => at(at(levels, 0).value, Math.min(length, input.length)),
    tree: (length) => {
      const nodes: TreeNode[] = [];
      collect(
        input,
        levels,
        nodes,
        { depth: 0, parent: -1, label: -1 },
        Math.min(length, input.length),
      );
      return rankTree(nodes);
    },
  };
}

function level(input: KnapsackInput, depth: number, below: Level | undefined): Level {
  const { length, values, ensemble } = input;
  const value = new Float64Array(length + 1).fill(-Infinity);
  const prompts = new Int32Array(length + 1);
  const shares: Int32Array[][] = [];
  for (let j = 0; j < values.length; j += 1) {
    const stay = at(values, j);
    const own = 1 + j * ensemble;
    const { best, choices } = shareOut(input, depth, below, stay);
    shares.push(choices);
    for (let size = own; size <= length; size += 1) {
      const total = stay + at(best, size - own);
      if (total <= at(value, size)) continue;
      value[size] = total;
      prompts[size] = j;
    }
  }
  const top = at(value, length);
  return { value, prompts, shares, useful: value.findIndex((each) => each === top) };
}

/** K_dj for every budget: a knapsack over the ranks. */
function shareOut(
  { accuracies, length }: KnapsackInput,
  depth: number,
  below: Level | undefined,
  stay: number,
): { readonly best: Float64Array; readonly choices: Int32Array[] } {
  let best = new Float64Array(length + 1);
  const choices: Int32Array[] = [];
  if (below === undefined) return { best, choices };
  for (const p of accuracies[depth] ?? []) {
    const worth = below.value.map((value) => p * (1 + value - stay));
    const next = Float64Array.from(best);
    const choice = new Int32Array(length + 1);
    for (let budget = 1; budget <= length; budget += 1) {
      const most = Math.min(budget, below.useful);
      let top = at(best, budget);
      for (let size = 1; size <= most; size += 1) {
        const total = at(best, budget - size) + at(worth, size);
        if (total <= top) continue;
        top = total;
        choice[budget] = size;
      }
      next[budget] = top;
    }
    best = next;
    choices.push(choice);
  }
  return { best, choices };
}

/** Reads the tree off the choices, parents first. */
function collect(
  input: KnapsackInput,
  levels: readonly Level[],
  nodes: TreeNode[],
  place: { readonly depth: number; readonly parent: number; readonly label: number },
  size: number,
): void {
  const here = at(levels, place.depth);
  const prompts = at(here.prompts, size);
  const index = nodes.push({ parent: place.parent, label: place.label, prompts }) - 1;
  const shares = at(here.shares, prompts);
  let budget = size - 1 - prompts * input.ensemble;
  const children: { readonly rank: number; readonly share: number }[] = [];
  for (let rank = shares.length - 1; rank >= 0; rank -= 1) {
    const share = at(at(shares, rank), budget);
    if (share > 0) children.unshift({ rank, share });
    budget -= share;
  }
  for (const { rank, share } of children) {
    collect(input, levels, nodes, { depth: place.depth + 1, parent: index, label: rank }, share);
  }
}
