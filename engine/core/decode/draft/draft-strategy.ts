import { forwardLength } from '../../tree/candidate-tree.ts';
import type { TreePolicy } from '../../tree/tree-policy.ts';
import type { DecodingStrategy, StepResult } from '../strategy.ts';
import { TreeStrategy, type TreeStrategyInput } from '../tree-strategy.ts';
import type { Drafter } from './drafter.ts';
import type { DraftEconomy } from './draft-economy.ts';
import { MOST_DRAFT_TOKENS } from './draft-acceptance.ts';

export interface DraftStrategyInput extends TreeStrategyInput {
  readonly drafter: Drafter;
  readonly economy: DraftEconomy;
  /** Whether the draft is asked in the step that begins; always, unless told. */
  readonly isAsked?: () => boolean;
  /** Tokens of a draft at most; `MOST_DRAFT_TOKENS` unless told. */
  readonly mostDrafted?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * Speculative decoding (Leviathan 2023, Chen 2023) with the tree's acceptance: the draft proposes,
 * the target verifies it together with whatever else `policy` knows, in one forward pass. `policy`
 * takes the drafter's chains (`furtherChains` of AdaptivePolicy). Where the draft does not pay, the
 * steps are those of the policy alone.
 */
export class DraftStrategy implements DecodingStrategy {
  readonly #input: DraftStrategyInput;
  readonly #target: TreeStrategy;
  /** Rows of the last planned pass. */
  #rows = 1;
  #hasRoot = false;

  constructor(input: DraftStrategyInput) {
    this.#input = input;
    this.#target = new TreeStrategy({ ...input, policy: this.#watched(input.policy) });
  }

  async step(wanted = Infinity): Promise<StepResult> {
    const { drafter, economy, now } = this.#input;
    // The first token is not kept waiting for the draft.
    if (this.#hasRoot && !(await drafter.draft(this.#most()))) return { kind: 'cancelled' };
    this.#rows = 1;
    const started = now();
    const step = await this.#target.step(wanted);
    if (step.kind !== 'accepted') return step;
    if (this.#hasRoot) {
      economy.observeStep({
        tokens: step.tokens.length,
        rows: this.#rows,
        drafted: drafter.drafted,
        clockMs: now() - started,
      });
    }
    this.#hasRoot = true;
    drafter.accept(step.tokens);
    return step;
  }

  /** The root takes a row too. */
  #most(): number {
    const { decoder, maxLength, isAsked, mostDrafted = MOST_DRAFT_TOKENS } = this.#input;
    if (isAsked?.() === false) return 0;
    const room = Math.min(maxLength, decoder.capacity - decoder.length);
    return Math.min(mostDrafted, room - 1);
  }

  #watched(policy: TreePolicy): TreePolicy {
    const { ensemble } = this.#input.decoder.promptTokens;
    return {
      plan: (input) => {
        // A step without the draft says nothing of a method with it: it passes for one that reads.
        const reads = Math.max(this.#hasRoot ? 0 : 1, input.reads ?? 0);
        const tree = policy.plan({ ...input, reads });
        this.#rows = forwardLength(tree, ensemble);
        return tree;
      },
      observe: (tokens, guesses) => {
        policy.observe(tokens, guesses);
      },
    };
  }
}
