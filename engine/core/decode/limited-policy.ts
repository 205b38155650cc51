import type { TokenTree } from '../tree/candidate-tree.ts';
import type { PlanInput, TreePolicy } from '../tree/tree-policy.ts';
import type { TokenRow } from './decoder.ts';

/** Shows a policy no more guesses, and gives it no more rows, than a method allows. */
export class LimitedPolicy implements TreePolicy {
  readonly #policy: TreePolicy;
  readonly #depth: number;
  readonly #rows: number;

  constructor(policy: TreePolicy, limits: { readonly depth: number; readonly rows: number }) {
    this.#policy = policy;
    this.#depth = limits.depth;
    this.#rows = limits.rows;
  }

  plan(input: PlanInput): TokenTree {
    return this.#policy.plan({
      ...input,
      guesses: input.guesses.slice(0, this.#depth),
      maxLength: Math.min(input.maxLength, this.#rows),
    });
  }

  observe(tokens: readonly number[], guesses: readonly TokenRow[]): void {
    this.#policy.observe(tokens, guesses.slice(0, this.#depth));
  }
}
