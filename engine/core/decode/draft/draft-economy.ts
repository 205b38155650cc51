import { ForgettingRatio } from '../../metrics/forgetting-ratio.ts';
import { at } from '../../tree/at.ts';
import { DraftAcceptance, MOST_DRAFT_TOKENS, SILENT_HALF_LIFE } from './draft-acceptance.ts';

/**
 * What passes cost, in milliseconds or any other unit that they share: what the clock says of both
 * models is brought to the unit of `latencyMs`.
 */
export interface DraftCosts {
  /** `[n]`: the target's pass over n rows, n from 1. */
  readonly latencyMs: readonly number[];
  /** A token of the draft, until its time has been taken. */
  readonly draftMs: number;
  /** A token that the draft reads of the text, many at once. */
  readonly readMs: number;
}

/** One step of decoding with a draft. */
export interface DraftStep {
  readonly tokens: number;
  /** Of the target's pass. */
  readonly rows: number;
  /** Tokens drafted for it. */
  readonly drafted: number;
  /** The target's pass by the clock. */
  readonly clockMs: number;
}

/** Tokens that reading up on the text has to pay within: the next completions share most of it. */
const READING_HORIZON_TOKENS = 256;

/** Steps after which an earlier one counts half in the rate. */
const RATE_HALF_LIFE = 48;

/** A pause of the machine is no cost of a pass: nothing counts as more than so many times itself. */
const LONGEST_PAUSE = 4;

/**
 * Whether a draft pays, and how far. The criterion is that of the trees (optimal-tree.ts): something
 * is worth its time if it yields more tokens than decoding does in that time, at the rate at which
 * decoding goes on at present (Dinkelbach's ratio, followed as it drifts).
 */
export class DraftEconomy {
  readonly acceptance = new DraftAcceptance();
  readonly #costs: DraftCosts;
  readonly #rate = new ForgettingRatio(RATE_HALF_LIFE);
  readonly #draftMs: ForgettingRatio;
  /** Milliseconds by the clock for one of `latencyMs`. */
  readonly #clock = new ForgettingRatio(RATE_HALF_LIFE);

  constructor(costs: DraftCosts) {
    this.#costs = costs;
    this.#draftMs = new ForgettingRatio(RATE_HALF_LIFE, { value: costs.draftMs, weight: 4 });
  }

  /** Never below plain decoding's rate: so much can be had without a draft. */
  get tokensPerMs(): number {
    const plain = 1 / at(this.#costs.latencyMs, 1);
    return Math.max(plain, this.#rate.value ?? plain);
  }

  /** c times the target's pass: the draft's time for a token of its own. */
  get draftMs(): number {
    return this.#draftMs.value ?? this.#costs.draftMs;
  }

  /** Whether a draft that has nothing yet should begin; `unread`: tokens it has to read first. */
  shouldBegin(unread: number): boolean {
    const read = Math.max(0, unread - 1) * this.#costs.readMs;
    const lost = (this.tokensPerMs * read) / READING_HORIZON_TOKENS;
    return this.#pays(1, 0, lost);
  }

  /**
   * Whether to ask for another token behind `depth` drafted ones, all of which are right with the
   * chance `reach`. Looks ahead: one more may pay only with those behind it, where L(n) is stepwise.
   */
  shouldContinue(reach: number, depth: number): boolean {
    return depth < MOST_DRAFT_TOKENS && this.#pays(reach, depth, 0);
  }

  #pays(reach: number, depth: number, lost: number): boolean {
    const { latencyMs } = this.#costs;
    const most = Math.min(MOST_DRAFT_TOKENS, latencyMs.length - 2);
    let chance = reach;
    let net = -lost;
    for (let next = depth + 1; next <= most; next += 1) {
      chance *= this.acceptance.atDepth(next);
      const ms = this.draftMs + at(latencyMs, next + 1) - at(latencyMs, next);
      net += chance - this.tokensPerMs * ms;
      if (net > 0) return true;
    }
    return false;
  }

  /** @param clockMs Time that the draft took for `tokens` of its own. */
  observeDraft(tokens: number, clockMs: number): void {
    const clock = this.#clock.value;
    if (clock === null || clock <= 0) return;
    this.#draftMs.add(Math.min(clockMs / clock, LONGEST_PAUSE * this.draftMs * tokens), tokens);
  }

  observeStep({ tokens, rows, drafted, clockMs }: DraftStep): void {
    const { latencyMs } = this.#costs;
    const pass = at(latencyMs, Math.min(rows, latencyMs.length - 1));
    const usual = (this.#clock.value ?? Infinity) * pass;
    this.#clock.add(Math.min(clockMs, LONGEST_PAUSE * usual), pass);
    this.#rate.add(tokens, pass + drafted * this.draftMs);
    if (drafted > 0) return;
    this.acceptance.fade(tokens);
    // A time taken while the machine was busy must not silence the draft for good.
    this.#draftMs.fade(0.5 ** (tokens / SILENT_HALF_LIFE));
  }
}

/** What drafts of a fixed length come to. */
export interface DraftPlan {
  /** gamma: 0 = better none. */
  readonly length: number;
  /** tau: tokens of a step. */
  readonly tokens: number;
  readonly tokensPerMs: number;
}

/**
 * The best fixed length by the acceptance measured: maximises
 * (1 + sum of the first gamma reaches) / (gamma t_draft + L(gamma + 1)). The chains of the strategy
 * do better, for they end where the draft is unsure: a low estimate, for the choice of a mode.
 */
export function bestDraftLength(
  latencyMs: readonly number[],
  draftMs: number,
  acceptanceByDepth: readonly number[],
): DraftPlan {
  let best: DraftPlan = { length: 0, tokens: 1, tokensPerMs: 1 / at(latencyMs, 1) };
  let reach = 1;
  let tokens = 1;
  for (const [index, chance] of acceptanceByDepth.entries()) {
    const length = index + 1;
    if (length + 1 >= latencyMs.length) break;
    reach *= chance;
    tokens += reach;
    const tokensPerMs = tokens / (length * draftMs + at(latencyMs, length + 1));
    if (tokensPerMs > best.tokensPerMs) best = { length, tokens, tokensPerMs };
  }
  return best;
}
