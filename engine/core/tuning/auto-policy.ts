import { rootTree, type TokenTree } from '../tree/candidate-tree.ts';
import type { NgramIndex } from '../tree/ngram-index.ts';
import type { PlanInput, TreePolicy } from '../tree/tree-policy.ts';
import type { TokenRow } from '../decode/decoder.ts';
import type { MethodController } from './method-controller.ts';

/** A policy to choose from. */
export interface Contender {
  readonly policy: TreePolicy;
  /** Whether it keeps the n-gram index up to date itself. */
  readonly indexes: boolean;
}

export interface AutoPolicyInput<M> {
  readonly controller: MethodController<M>;
  /** Null for the baseline: plain decoding. */
  readonly contender: (method: M) => Contender | null;
  /** Of all contenders. */
  readonly ngrams: NgramIndex;
  /** Milliseconds from any start. */
  readonly now: () => number;
}

interface Turn<M> {
  readonly method: M;
  readonly startedMs: number;
  /** Whether the step reads a part of the prompt: its time then says nothing of the method. */
  readonly reads?: boolean;
}

/**
 * Lets a controller choose the policy of every step, and tells it how long the step took: planning,
 * forward pass and acceptance.
 */
export class AutoPolicy<M> implements TreePolicy {
  readonly #input: AutoPolicyInput<M>;
  readonly #tokens = new Map<M, number>();
  #active: Turn<M> | null = null;
  /** Of a step that is not planned yet. */
  #next: Turn<M> | null = null;

  constructor(input: AutoPolicyInput<M>) {
    this.#input = input;
  }

  /** Tokens by the method that they came from, since this was last asked. */
  takeTokens(): ReadonlyMap<M, number> {
    const taken = new Map(this.#tokens);
    this.#tokens.clear();
    return taken;
  }

  /**
   * Chooses the method of the next step ahead of its plan, for what has to be done before: its time
   * counts from here. Without it `plan` chooses.
   */
  begin(): M {
    const { controller, now } = this.#input;
    const startedMs = now();
    this.#next = { startedMs, method: controller.choose() };
    return this.#next.method;
  }

  plan(input: PlanInput): TokenTree {
    if (this.#next === null) this.begin();
    const { reads = 0 } = input;
    this.#active = this.#next === null ? null : { ...this.#next, reads: reads > 0 };
    this.#next = null;
    const used = this.#active === null ? null : this.#input.contender(this.#active.method);
    return used?.policy.plan(input) ?? rootTree(input.root);
  }

  observe(tokens: readonly number[], guesses: readonly TokenRow[]): void {
    const { controller, contender, ngrams, now } = this.#input;
    const active = this.#active;
    this.#active = null;
    const used = active === null ? null : contender(active.method);
    used?.policy.observe(tokens, guesses);
    if (used?.indexes !== true) ngrams.push(tokens);
    if (active === null) return;
    if (active.reads !== true) controller.record(now() - active.startedMs, tokens.length);
    this.#tokens.set(active.method, (this.#tokens.get(active.method) ?? 0) + tokens.length);
  }
}
