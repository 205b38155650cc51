import { observeGuesses, type OnlineAccuracies } from '../tree/accuracies.ts';
import type { TokenTree } from '../tree/candidate-tree.ts';
import type { PlanInput, TreePolicy } from '../tree/tree-policy.ts';
import type { TokenRow } from './decoder.ts';

/** Counts how often the guesses of prompt tokens are right while another policy uses them. */
export class LearningPolicy implements TreePolicy {
  readonly #policy: TreePolicy;
  readonly #accuracies: OnlineAccuracies;

  constructor(policy: TreePolicy, accuracies: OnlineAccuracies) {
    this.#policy = policy;
    this.#accuracies = accuracies;
  }

  plan(input: PlanInput): TokenTree {
    return this.#policy.plan(input);
  }

  observe(tokens: readonly number[], guesses: readonly TokenRow[]): void {
    observeGuesses(this.#accuracies, guesses, tokens);
    this.#policy.observe(tokens, guesses);
  }
}
