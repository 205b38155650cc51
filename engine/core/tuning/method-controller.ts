import { StepCosts } from './step-costs.ts';

export interface MethodControllerOptions<M> {
  /** What the others have to beat: plain decoding. */
  readonly baseline: M;
  /** The others, the most promising first. */
  readonly methods: readonly M[];
  /** Milliseconds of the baseline's steps: they do not depend on the text, so languages share them. */
  readonly baselineMs?: StepCosts;
}

interface Evidence {
  /** In steps of the baseline at that time: the load of the machine cancels. */
  readonly costs: StepCosts;
  /** Tokens of anything since it was last in use. */
  idle: number;
  /** Tokens until it is tried again. */
  interval: number;
}

/** Steps that count. A method's yield varies from step to step, the baseline's does not. */
const METHOD_WINDOW = 128;
const BASELINE_WINDOW = 24;

/** Tokens without which a cost says nothing. */
const LEAST_BASELINE_TOKENS = 8;
const TRIAL_TOKENS = 24;
/** What is in use is looked at again after so many tokens. */
const TERM_TOKENS = 16;
/** The baseline is measured for so many tokens, so many after the last time. */
const PROBE_TOKENS = 3;
const PROBE_EVERY_TOKENS = 96;

/** Tokens until the next trial of a method; it doubles, at least, with every trial that is lost. */
const FIRST_INTERVAL = 128;
const LONGEST_INTERVAL = 2048;

/** By how much a method has to be better to replace another. */
const HYSTERESIS = 0.03;

/**
 * Time that may be lost against the baseline, in the baseline's tokens, and the tokens after which a
 * loss counts half. In the long run this bounds the loss to 12 ln 2 / 256 = 3 %; the intervals
 * between trials keep it below that.
 */
const MOST_DEBT = 12;
const DEBT_HALF_LIFE = 256;

/** A trial ends when it has lost so much, so that the next one can be afforded. */
const MOST_TRIAL_LOSS = 4;

/** For several controllers with one baseline. */
export function baselineCosts(): StepCosts {
  return new StepCosts(BASELINE_WINDOW);
}

/**
 * Chooses among decoding methods, step by step, by the time they are seen to take: a conservative
 * bandit (Wu et al. 2016). It tries the others as long as the time lost on them stays within
 * MOST_DEBT, stays with the best by a margin, measures the baseline again every now and then, and
 * falls back to it as soon as what is in use loses against it. What is believed beforehand decides
 * the order of the trials alone.
 */
export class MethodController<M> {
  readonly #baseline: M;
  readonly #baselineMs: StepCosts;
  readonly #evidence: ReadonlyMap<M, Evidence>;
  #incumbent: M;
  #current: M;
  /** Tokens that `#current` may still bring before it is chosen anew. */
  #left = 0;
  /** Where `#balance` must not fall to while `#current` is at work. */
  #floor = -MOST_DEBT;
  /** The baseline's first step pays for the change too, or for warming up, and is not counted. */
  #changed = true;
  #sinceBaseline = 0;
  /** Tokens of the baseline that were gained, or where negative lost, in its time. */
  #balance = 0;

  constructor({ baseline, methods, baselineMs }: MethodControllerOptions<M>) {
    this.#baseline = baseline;
    this.#baselineMs = baselineMs ?? baselineCosts();
    this.#evidence = new Map(methods.map((method) => [method, newEvidence()]));
    this.#incumbent = baseline;
    this.#current = baseline;
  }

  /** The method that is thought best at present. */
  get incumbent(): M {
    return this.#incumbent;
  }

  /** Milliseconds of a token of the baseline; null = not known yet. */
  get baselineMs(): number | null {
    return this.#baselineMs.perToken;
  }

  /** Time of a token, in the baseline's; null = not known yet. */
  relativeCost(method: M): number | null {
    if (method === this.#baseline) return 1;
    return this.#evidence.get(method)?.costs.perToken ?? null;
  }

  /** The method of the next step. */
  choose(): M {
    const next = this.#mayGoOn() ? this.#current : this.#begin();
    this.#changed ||= next !== this.#current;
    this.#current = next;
    return next;
  }

  /** @param ms Time that the step of the chosen method took. @param tokens What it yielded. */
  record(ms: number, tokens: number): void {
    this.#left -= tokens;
    this.#balance *= 0.5 ** (tokens / DEBT_HALF_LIFE);
    for (const evidence of this.#evidence.values()) evidence.idle += tokens;
    if (this.#current === this.#baseline) {
      this.#sinceBaseline = 0;
      if (!this.#changed) this.#baselineMs.add(ms, tokens);
      this.#changed = false;
    } else {
      this.#changed = false;
      this.#sinceBaseline += tokens;
      this.#recordMethod(ms, tokens);
    }
  }

  #recordMethod(ms: number, tokens: number): void {
    const evidence = this.#evidence.get(this.#current);
    const unit = this.#baselineMs.perToken;
    if (evidence === undefined || unit === null) return;
    evidence.idle = 0;
    const used = evidence.costs.add(ms / unit, tokens);
    // What was gained long ago must not pay for losses now.
    this.#balance = Math.min(MOST_DEBT, this.#balance + tokens - used);
  }

  #mayGoOn(): boolean {
    if (this.#left <= 0) return false;
    return this.#current === this.#baseline || this.#balance > this.#floor;
  }

  /** What to do next: measure the baseline, try something, or use the best. */
  #begin(): M {
    this.#decide();
    if (this.#mustProbe()) return this.#start(this.#baseline, PROBE_TOKENS);
    const trial = this.#nextTrial();
    if (trial !== null) {
      this.#start(trial, TRIAL_TOKENS);
      this.#floor = this.#balance - MOST_TRIAL_LOSS;
      return trial;
    }
    const broke = this.#balance <= -MOST_DEBT;
    return this.#start(broke ? this.#baseline : this.#incumbent, TERM_TOKENS);
  }

  #start(method: M, tokens: number): M {
    this.#left = tokens;
    this.#floor = -MOST_DEBT;
    return method;
  }

  #mustProbe(): boolean {
    if (this.#baselineMs.tokens < LEAST_BASELINE_TOKENS) return true;
    return this.#incumbent !== this.#baseline && this.#sinceBaseline >= PROBE_EVERY_TOKENS;
  }

  /** The method whose turn it is to be tried, the unknown ones first, if the loss can be afforded. */
  #nextTrial(): M | null {
    if (this.#balance - MOST_TRIAL_LOSS < -MOST_DEBT) return null;
    let next: { readonly method: M; readonly overdue: number } | null = null;
    for (const [method, { costs, idle, interval }] of this.#evidence) {
      const overdue = costs.tokens === 0 ? Infinity : idle / interval;
      if (method === this.#incumbent || overdue < 1) continue;
      if (next === null || overdue > next.overdue) next = { method, overdue };
    }
    if (next === null) return null;
    this.#beginTrial(next.method);
    return next.method;
  }

  #beginTrial(method: M): void {
    const evidence = this.#evidence.get(method);
    const cost = this.relativeCost(method);
    if (evidence === undefined) return;
    if (cost !== null) evidence.interval = this.#longer(evidence.interval, cost);
    evidence.costs.fade();
  }

  /** The worse a method was, the later it is tried again. */
  #longer(interval: number, cost: number): number {
    const worse = cost / (this.relativeCost(this.#incumbent) ?? 1);
    return Math.min(LONGEST_INTERVAL, 2 * interval * Math.max(1, worse));
  }

  /** Who is best now, with a margin in favour of who was; the baseline takes over without one. */
  #decide(): void {
    if ((this.relativeCost(this.#incumbent) ?? 1) >= 1) this.#incumbent = this.#baseline;
    for (const [method, evidence] of this.#evidence) {
      const cost = evidence.costs.perToken;
      if (cost === null || evidence.costs.tokens < TRIAL_TOKENS) continue;
      const toBeat = this.relativeCost(this.#incumbent) ?? 1;
      if (cost >= toBeat * (1 - HYSTERESIS)) continue;
      this.#incumbent = method;
      evidence.interval = FIRST_INTERVAL;
    }
  }
}

function newEvidence(): Evidence {
  return { costs: new StepCosts(METHOD_WINDOW, 1), idle: 0, interval: FIRST_INTERVAL };
}
