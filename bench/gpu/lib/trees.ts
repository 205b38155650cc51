import { argmax, topMargin, type TokenRow } from '../../../engine/core/decode/decoder.ts';
import type { RandomSource } from '../../../engine/core/metrics/percentiles.ts';
import {
  tokenTree,
  type TokenTree,
  type TreeNode,
} from '../../../engine/core/tree/candidate-tree.ts';

/** A tree whose siblings differ, without prompt tokens. */
export function randomTree(
  random: RandomSource,
  { root, size, vocabulary }: { root: number; size: number; vocabulary: number },
): TokenTree {
  const nodes: TreeNode[] = [{ parent: -1, label: root, prompts: 0 }];
  const used = new Set<string>();
  while (nodes.length < size) {
    const parent = Math.floor(random() * nodes.length);
    const label = Math.floor(random() * vocabulary);
    if (used.has(`${parent},${label}`)) continue;
    used.add(`${parent},${label}`);
    nodes.push({ parent, label, prompts: 0 });
  }
  return tokenTree(nodes);
}

export function chain(tokens: readonly number[]): TokenTree {
  return tokenTree(tokens.map((label, index) => ({ parent: index - 1, label, prompts: 0 })));
}

/** How two rows that ought to be equal differ. */
export interface Difference {
  /** Largest difference of logits at the ids that both list. */
  readonly logit: number;
  readonly sameChoice: boolean;
  /** Of the expected row: how far the choice is ahead. */
  readonly margin: number;
}

export function compareRows(actual: TokenRow, expected: TokenRow): Difference {
  const others = new Map(Array.from(actual.ids, (id, index) => [id, actual.logits[index] ?? NaN]));
  const differences = [...expected.ids.entries()].flatMap(([index, id]) => {
    const other = others.get(id);
    return other === undefined ? [] : [Math.abs(other - (expected.logits[index] ?? NaN))];
  });
  return {
    logit: Math.max(0, ...differences),
    sameChoice: argmax(actual) === argmax(expected),
    margin: topMargin(expected),
  };
}

export function summariseDifferences(all: readonly Difference[]) {
  const flips = all.filter(({ sameChoice }) => !sameChoice);
  return {
    rows: all.length,
    largest: Math.max(0, ...all.map(({ logit }) => logit)),
    mean: all.reduce((sum, { logit }) => sum + logit, 0) / Math.max(1, all.length),
    otherChoices: flips.length,
    /** Beyond twice the noise, another choice is no tie. */
    largestMarginOfOtherChoice: Math.max(0, ...flips.map(({ margin }) => margin)),
  };
}
