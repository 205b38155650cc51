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
    const tail = await readHead(this.decoder, tokens, isCancelled);
    return tail === null ? null : new PlainStrategy(this.decoder, tail, choose);
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

  /** The last tokens are read in the first step, whose pass carries prompt tokens already. */
  async begin(
    tokens: readonly number[],
    choose: TokenChoice,
    isCancelled: () => boolean,
  ): Promise<DecodingStrategy | null> {
    const { decoder, policy, isEnd, maxLength } = this.#input;
    const tail = await readHead(decoder, tokens, isCancelled);
    if (tail === null) return null;
    return new TreeStrategy({ decoder, tail, policy, choose, isEnd, maxLength });
  }
}

/** Appends all but the last piece of `tokens`, and returns that; null when cancelled. */
async function readHead(
  decoder: Decoder,
  tokens: readonly number[],
  isCancelled: () => boolean,
): Promise<readonly number[] | null> {
  let start = 0;
  for (; tokens.length - start > PIECE_TOKENS; start += PIECE_TOKENS) {
    if (isCancelled()) return null;
    const row = await decoder.append(tokens.slice(start, start + PIECE_TOKENS));
    if (row === null) return null;
  }
  return tokens.slice(start);
}
