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
  /** End of the prompt that the cache does not hold yet, at least one token. */
  readonly tail: readonly number[];
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
 * policy guesses. As in `PlainStrategy`, the last token that came out is not in the cache yet. What
 * follows the prompt may be guessed in the very pass that evaluates its tail.
 */
export class TreeStrategy implements DecodingStrategy {
  readonly #input: TreeStrategyInput;
  #guesses: readonly TokenRow[] = [];
  /** What is decided and not in the cache yet: the root of the next tree, and what stands before it. */
  #unread: readonly number[];

  constructor(input: TreeStrategyInput) {
    this.#input = input;
    this.#unread = input.tail;
  }

  async step(wanted = Infinity): Promise<StepResult> {
    const { decoder, policy } = this.#input;
    const stem = this.#unread.slice(0, -1);
    const free = decoder.capacity - decoder.length - stem.length;
    if (free < 1) return { kind: 'context-full' };
    const plan = this.#plan(stem, Math.min(this.#input.maxLength, free), wanted);
    if (plan === null) return this.#plainStep();
    const { tree, layout } = plan;
    const rows = await decoder.forward(layout);
    if (rows === null) return { kind: 'cancelled' };
    const { path, tokens, margins } = this.#accept(tree, rows.nodes);
    decoder.keep([...stem.keys(), ...path.map((node) => stem.length + node)]);
    policy.observe(tokens, this.#guesses);
    this.#guesses = at(rows.guesses, path.at(-1) ?? 0);
    this.#unread = tokens.slice(-1);
    return { kind: 'accepted', tokens, margins, guessed: treeDepth(tree) };
  }

  /** Nothing is guessed and nothing prepared: the pass is that of plain decoding. */
  async #plainStep(): Promise<StepResult> {
    const { decoder, choose, policy } = this.#input;
    const row = await decoder.append(this.#unread);
    if (row === null) return { kind: 'cancelled' };
    const token = choose(row);
    policy.observe([token], this.#guesses);
    this.#guesses = [];
    this.#unread = [token];
    return { kind: 'accepted', tokens: [token], margins: [topMargin(row)], guessed: 0 };
  }

  #accept(tree: TokenTree, rows: readonly TokenRow[]): Acceptance {
    const { choose, isEnd, accept = acceptByChoice } = this.#input;
    return accept(tree, (node) => at(rows, node), choose, isEnd);
  }

  /**
   * The policy's tree, and its layout behind the stem; null where the tree is its root alone, or does
   * not fit the context or the model.
   */
  #plan(
    stem: readonly number[],
    room: number,
    wanted: number,
  ): { readonly tree: TokenTree; readonly layout: TreeLayout } | null {
    const { decoder, policy, isEnd, shapes = [] } = this.#input;
    const { count, ensemble } = decoder.promptTokens;
    const root = at(this.#unread, stem.length);
    const tree = policy.plan({
      root,
      guesses: this.#guesses,
      maxLength: room,
      wanted,
      isEnd,
      reads: stem.length,
    });
    if (tree.size === 1 && tree.prompts[0] === 0) return null;
    const most = room + stem.length;
    const layout = layoutTree(tree, {
      ensemble,
      stem,
      shapes: shapes.filter((shape) => shape <= most),
    });
    const known = tree.prompts.every((prompts) => prompts <= count);
    const fits = layout.length <= most && layout.sequenceCount <= MOST_SEQUENCES;
    return known && fits ? { tree, layout } : null;
  }
}
