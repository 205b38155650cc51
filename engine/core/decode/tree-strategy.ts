import { acceptByChoice, type Acceptance } from '../tree/accept.ts';
import { at } from '../tree/at.ts';
import { treeDepth, type TokenTree } from '../tree/candidate-tree.ts';
import { layoutTree, MOST_SEQUENCES, type TreeLayout } from '../tree/layout-tree.ts';
import type { TreePolicy } from '../tree/tree-policy.ts';
import { topMargin, type TokenRow } from './decoder.ts';
import type { DecodingStrategy, StepResult } from './strategy.ts';
import type { TokenChoice } from './token-choice.ts';
import type { TreeDecoder } from './tree-decoder.ts';

export interface TreeStrategyInput {
  readonly decoder: TreeDecoder;
  /** The row after the prompt's last token. */
  readonly prefilled: TokenRow;
  /** Guesses that the prefill left, if prompt tokens were part of it. */
  readonly guesses?: readonly TokenRow[];
  readonly policy: TreePolicy;
  /** Called exactly once for each token that comes out, in order, as in plain decoding. */
  readonly choose: TokenChoice;
  /** Tokens that nothing may follow within a step. */
  readonly isEnd: (token: number) => boolean;
  /** Rows of one forward pass at most; the decoder's batch size. */
  readonly maxLength: number;
  /** See `LayoutOptions`. */
  readonly shapes?: readonly number[];
  /** How a verified tree is accepted; by `choose`, hence without loss, unless told. */
  readonly accept?: typeof acceptByChoice;
}

/**
 * Guess and verify: each step forwards the last token together with a tree of guesses and yields
 * everything that the model agrees with, plus one. The text equals plain decoding's, whatever the
 * policy guesses. As in `PlainStrategy`, the first step needs no forward pass, and the last token
 * that came out is not in the cache yet.
 */
export class TreeStrategy implements DecodingStrategy {
  readonly #input: TreeStrategyInput;
  #guesses: readonly TokenRow[];
  #pending: number | undefined;

  constructor(input: TreeStrategyInput) {
    this.#input = input;
    this.#guesses = input.guesses ?? [];
  }

  async step(wanted = Infinity): Promise<StepResult> {
    const { decoder, prefilled, choose, policy } = this.#input;
    if (this.#pending === undefined) {
      this.#pending = choose(prefilled);
      policy.observe([this.#pending], []);
      return { kind: 'accepted', tokens: [this.#pending], margins: [topMargin(prefilled)] };
    }
    const room = Math.min(this.#input.maxLength, decoder.capacity - decoder.length);
    if (room < 1) return { kind: 'context-full' };
    const plan = this.#plan(this.#pending, room, wanted);
    if (plan === null) return this.#plainStep(this.#pending);
    const { tree, layout } = plan;
    const rows = await decoder.forward(layout);
    if (rows === null) return { kind: 'cancelled' };
    const accepted = this.#accept(tree, rows.nodes);
    decoder.keep(accepted.path);
    policy.observe(accepted.tokens, this.#guesses);
    this.#guesses = at(rows.guesses, accepted.path.at(-1) ?? 0);
    this.#pending = accepted.tokens.at(-1);
    const { tokens, margins } = accepted;
    return { kind: 'accepted', tokens, margins, guessed: treeDepth(tree) };
  }

  /** Nothing is guessed and nothing prepared: the root is evaluated as in plain decoding. */
  async #plainStep(root: number): Promise<StepResult> {
    const { decoder, choose, policy } = this.#input;
    const row = await decoder.append([root]);
    if (row === null) return { kind: 'cancelled' };
    const token = choose(row);
    policy.observe([token], this.#guesses);
    this.#guesses = [];
    this.#pending = token;
    return { kind: 'accepted', tokens: [token], margins: [topMargin(row)], guessed: 0 };
  }

  #accept(tree: TokenTree, rows: readonly TokenRow[]): Acceptance {
    const { choose, isEnd, accept = acceptByChoice } = this.#input;
    return accept(tree, (node) => at(rows, node), choose, isEnd);
  }

  /** The policy's tree; null where that is the root alone, or does not fit the context or the model. */
  #plan(
    root: number,
    room: number,
    wanted: number,
  ): { readonly tree: TokenTree; readonly layout: TreeLayout } | null {
    const { decoder, policy, isEnd, shapes = [] } = this.#input;
    const { count, ensemble } = decoder.promptTokens;
    const tree = policy.plan({ root, guesses: this.#guesses, maxLength: room, wanted, isEnd });
    if (tree.size === 1 && tree.prompts[0] === 0) return null;
    const options = { ensemble, shapes: shapes.filter((shape) => shape <= room) };
    const layout = layoutTree(tree, options);
    const known = tree.prompts.every((prompts) => prompts <= count);
    const fits = layout.length <= room && layout.sequenceCount <= MOST_SEQUENCES;
    return known && fits ? { tree, layout } : null;
  }
}
