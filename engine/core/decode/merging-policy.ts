import { forwardLength, type TokenTree } from '../tree/candidate-tree.ts';
import { mergeChains } from '../tree/merge-chains.ts';
import { LookupChances } from '../tree/lookup-chances.ts';
import { lookup, type LookupOptions } from '../tree/lookup.ts';
import type { NgramIndex } from '../tree/ngram-index.ts';
import type { PlanInput, TreePolicy } from '../tree/tree-policy.ts';
import type { TokenRow } from './decoder.ts';

export interface MergingPolicyInput {
  readonly policy: TreePolicy;
  readonly ngrams: NgramIndex;
  readonly chains: LookupOptions;
  /** E. */
  readonly ensemble: number;
  /** Rows of one pass at most. */
  readonly rows: number;
}

/** The tree of another policy, and n-gram chains in the rows that it leaves. */
export class MergingPolicy implements TreePolicy {
  readonly #input: MergingPolicyInput;
  /** Only ranks the chains here: the tree takes as many as there is room for. */
  readonly #chances = new LookupChances();

  constructor(input: MergingPolicyInput) {
    this.#input = input;
  }

  plan(input: PlanInput): TokenTree {
    const { policy, ngrams, chains, ensemble, rows } = this.#input;
    const tree = policy.plan(input);
    const spare = Math.min(rows, input.maxLength) - forwardLength(tree, ensemble);
    if (spare <= 0) return tree;
    const proposed = lookup(ngrams, this.#chances, chains).map(({ guesses }) =>
      beforeEnd(
        guesses.map(({ token }) => token),
        input.isEnd,
      ),
    );
    return mergeChains(tree, proposed, tree.size + spare);
  }

  observe(tokens: readonly number[], guesses: readonly TokenRow[]): void {
    this.#input.policy.observe(tokens, guesses);
    this.#input.ngrams.push(tokens);
  }
}

function beforeEnd(
  tokens: readonly number[],
  isEnd: (token: number) => boolean,
): readonly number[] {
  const end = tokens.findIndex((token) => isEnd(token));
  return end < 0 ? tokens : tokens.slice(0, end);
}
