import { OnlineAccuracies, type Accuracies } from '../../tree/accuracies.ts';
import { at } from '../../tree/at.ts';
import { softmaxOf } from '../../tree/accept.ts';
import type { TokenRow } from '../decoder.ts';

/** Ranks of a draft's row that may become candidates: its choice and the runners-up. */
const DRAFT_RANKS = 3;

/** Tokens of a draft at most. */
export const MOST_DRAFT_TOKENS = 16;

/** Upper ends of the classes of confidence, the softmax probability of the draft's own choice. */
const CONFIDENCE_ENDS = [0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 1] as const;

/** Of a draft that is taken at nearly its word; the rest of a row is shared among the runners-up. */
const CONFIDENCE_PRIOR: Accuracies = [0.12, 0.25, 0.4, 0.52, 0.66, 0.78, 0.87, 0.94].map((top) => [
  top,
  (1 - top) * 0.4,
  (1 - top) * 0.15,
]);

/**
 * How often a drafted token is right before any was seen, given that those before it were: as good
 * drafts are, for nothing is learnt of one that is not asked.
 */
const DEPTH_PRIOR: Accuracies = Array.from({ length: MOST_DRAFT_TOKENS }, () => [0.8]);

/**
 * Tokens decoded without a draft after which what is known of it counts half. A draft that did not
 * pay is so tried again after a while, for texts differ, and given up after a few more failures.
 */
export const SILENT_HALF_LIFE = 192;

/**
 * How often this draft is right about this target, with forgetting. Two views of the same events: by
 * how sure the draft is of its choice (which of its tokens to trust), and by how many tokens it has
 * already drafted (whether to ask it for another).
 */
export class DraftAcceptance {
  readonly #byConfidence = new OnlineAccuracies({
    prior: CONFIDENCE_PRIOR,
    priorWeight: 12,
    halfLife: 400,
  });
  readonly #byDepth = new OnlineAccuracies({ prior: DEPTH_PRIOR, priorWeight: 6, halfLife: 60 });
  #chances: Accuracies | null = null;
  #depths: Accuracies | null = null;

  /** The chance that the target chooses the row's candidate of each rank, `DRAFT_RANKS` at most. */
  chancesOf(row: TokenRow): readonly number[] {
    this.#chances ??= this.#byConfidence.table();
    return at(this.#chances, confidenceClass(row)).slice(0, row.ids.length);
  }

  /** The chance that the token number `depth` (from 1) of a draft is right if those before it are. */
  atDepth(depth: number): number {
    this.#depths ??= this.#byDepth.table();
    return at(at(this.#depths, Math.min(depth, MOST_DRAFT_TOKENS) - 1), 0);
  }

  /** By depth, from 1: `[d - 1]`. */
  get byDepth(): readonly number[] {
    return Array.from({ length: MOST_DRAFT_TOKENS }, (_, index) => this.atDepth(index + 1));
  }

  /**
   * @param rows The draft's rows, in order.
   * @param tokens What came out in the place of the draft: rows behind the first wrong token of the
   *   draft, or without a token, tell nothing.
   */
  observe(rows: readonly TokenRow[], tokens: readonly number[]): void {
    for (const [index, row] of rows.slice(0, tokens.length).entries()) {
      const rank = row.ids.subarray(0, DRAFT_RANKS).indexOf(at(tokens, index));
      this.#byConfidence.observe(confidenceClass(row) + 1, rank < 0 ? null : rank);
      this.#byDepth.observe(index + 1, rank === 0 ? 0 : null);
      if (rank !== 0) break;
    }
    this.#chances = null;
    this.#depths = null;
  }

  /** Told of tokens that came out without a draft. */
  fade(tokens: number): void {
    this.#byDepth.fade(0.5 ** (tokens / SILENT_HALF_LIFE));
    this.#depths = null;
  }
}

function confidenceClass(row: TokenRow): number {
  const confidence = softmaxOf(row).chances[0] ?? 0;
  const found = CONFIDENCE_ENDS.findIndex((end) => confidence <= end);
  return found < 0 ? CONFIDENCE_ENDS.length - 1 : found;
}
