import { tokenTree, type TreeNode } from '../../tree/candidate-tree.ts';
import { layoutTree } from '../../tree/layout-tree.ts';
import { at } from '../../tree/at.ts';
import type { TreePolicy } from '../../tree/tree-policy.ts';
import type { Decoder } from '../decoder.ts';
import { PlainStrategy } from '../plain.ts';
import type { DecodingStrategy } from '../strategy.ts';
import type { TokenChoice } from '../token-choice.ts';
import type { TreeDecoder } from '../tree-decoder.ts';
import { TreeStrategy } from '../tree-strategy.ts';

/** How a draft decodes: plainly, or by prompt tokens of its own. */
export interface DraftModel {
  readonly decoder: Decoder;
  /**
   * Appends `tokens` (at least one, and they fit) to the draft's cache and decodes on from there.
   * Null when cancelled: some of the tokens may then have been read.
   *
   * @param choose Called once for each token that comes out, in order.
   */
  begin(
    tokens: readonly number[],
    choose: TokenChoice,
    isCancelled: () => boolean,
  ): Promise<DecodingStrategy | null>;
}

/** Read at once: a cancel loses one such piece, not all that the draft has read. */
const PIECE_TOKENS = 128;

/** One token for each pass of the draft. */
export class PlainDraft implements DraftModel {
  readonly decoder: Decoder;

  constructor(decoder: Decoder) {
    this.decoder = decoder;
  }

  async begin(
    tokens: readonly number[],
    choose: TokenChoice,
    isCancelled: () => boolean,
  ): Promise<DecodingStrategy | null> {
    const row = await readPieces(this.decoder, tokens, isCancelled);
    return row === null ? null : new PlainStrategy(this.decoder, row, choose);
  }
}

export interface PromptedDraftInput {
  readonly decoder: TreeDecoder;
  readonly policy: TreePolicy;
  readonly isEnd: (token: number) => boolean;
  /** Rows of one forward pass at most. */
  readonly maxLength: number;
}

/** Guesses by the draft's own prompt tokens, verified by the draft (PPD on the draft, section 5). */
export class PromptedDraft implements DraftModel {
  readonly #input: PromptedDraftInput;

  constructor(input: PromptedDraftInput) {
    this.#input = input;
  }

  get decoder(): Decoder {
    return this.#input.decoder;
  }

  /**
   * The last tokens are read in a pass that carries prompt tokens already: the first step of the
   * draft then has guesses.
   */
  async begin(
    tokens: readonly number[],
    choose: TokenChoice,
    isCancelled: () => boolean,
  ): Promise<DecodingStrategy | null> {
    const { decoder, policy, isEnd, maxLength } = this.#input;
    const { count, ensemble } = decoder.promptTokens;
    const room = Math.min(maxLength, decoder.capacity - decoder.length);
    const before = tokens.slice(
      0,
      Math.max(0, tokens.length - Math.max(1, room - count * ensemble)),
    );
    if (before.length > 0 && (await readPieces(decoder, before, isCancelled)) === null) return null;
    const last = tokens.slice(before.length);
    const fits =
      last.length + count * ensemble <= Math.min(room, decoder.capacity - decoder.length);
    const layout = layoutTree(tokenTree(chainOf(last, fits ? count : 0)), { ensemble });
    const rows = await decoder.forward(layout);
    if (rows === null) return null;
    decoder.keep(last.map((_, row) => row));
    const prefilled = at(rows.nodes, last.length - 1);
    const guesses = at(rows.guesses, last.length - 1);
    return new TreeStrategy({ decoder, prefilled, guesses, policy, choose, isEnd, maxLength });
  }
}

/** The row after the last of `tokens`; null when cancelled. */
async function readPieces(
  decoder: Decoder,
  tokens: readonly number[],
  isCancelled: () => boolean,
): ReturnType<Decoder['append']> {
  let row: Awaited<ReturnType<Decoder['append']>> = null;
  for (let start = 0; start < tokens.length; start += PIECE_TOKENS) {
    if (isCancelled()) return null;
    row = await decoder.append(tokens.slice(start, start + PIECE_TOKENS));
    if (row === null) return null;
  }
  return row;
}

/** A chain with prompt tokens at its end. */
function chainOf(tokens: readonly number[], prompts: number): readonly TreeNode[] {
  return tokens.map((label, index) => ({
    parent: index - 1,
    label,
    prompts: index === tokens.length - 1 ? prompts : 0,
  }));
}
