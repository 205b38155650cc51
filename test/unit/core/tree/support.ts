import fc from 'fast-check';
import { powerLawRow, type Accuracies } from '../../../../engine/core/tree/accuracies.ts';
import {
  tokenTree,
  type TokenTree,
  type TreeNode,
} from '../../../../engine/core/tree/candidate-tree.ts';

/** Top-1 and top-10 by distance, from ppd.md section 4; the ranks between are interpolated. */
export const VICUNA_7B: Accuracies = [
  powerLawRow(0.483, 0.846),
  powerLawRow(0.263, 0.704),
  powerLawRow(0.164, 0.599),
];

/** Accuracies of any shape: rows add up to less than 1, ranks in any order. */
export function accuraciesArbitrary(distances: number, ranks: number): fc.Arbitrary<Accuracies> {
  const row = fc
    .tuple(
      fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), {
        minLength: ranks,
        maxLength: ranks,
      }),
      fc.double({ min: 0.1, max: 0.99, noNaN: true }),
    )
    .map(([weights, total]) => {
      const sum = weights.reduce((a, b) => a + b, 0);
      return weights.map((weight) => (weight / sum) * total);
    });
  return fc.array(row, { minLength: distances, maxLength: distances });
}

/** Any tree of tokens below `vocabulary`, up to `size` nodes with up to `prompts` prompt tokens. */
export function treeArbitrary(
  vocabulary: number,
  size: number,
  prompts: number,
): fc.Arbitrary<TokenTree> {
  const node = fc.record({
    parent: fc.nat(),
    label: fc.nat(vocabulary - 1),
    prompts: fc.nat(prompts),
  });
  return fc.array(node, { minLength: 1, maxLength: size }).map((drafts) => {
    const nodes: TreeNode[] = [];
    const known = new Set<string>();
    for (const { parent, label, prompts: count } of drafts) {
      const above = nodes.length === 0 ? -1 : parent % nodes.length;
      if (known.has(`${above},${label}`)) continue;
      known.add(`${above},${label}`);
      nodes.push({ parent: above, label, prompts: count });
    }
    return tokenTree(nodes);
  });
}
