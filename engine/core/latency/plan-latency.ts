import type { LatencyEstimate } from './latency-estimator.ts';

/** What a completion had to give up for its first line to come in time. */
export type Concession =
  /** Prompt tokens. */
  | { readonly kind: 'context-shortened'; readonly from: number; readonly to: number }
  /** Tokens that may be generated. */
  | { readonly kind: 'length-limited'; readonly from: number; readonly to: number }
  /** Even so it was not to be expected in time. */
  | { readonly kind: 'budget-too-small'; readonly budgetMs: number; readonly expectedMs: number };

export interface LatencyPlanInput<Prompt> {
  readonly budgetMs: number;
  readonly estimate: LatencyEstimate;
  /** Most prompt tokens that the context allows, and what they come to. */
  readonly mostPromptTokens: number;
  /** The prompt within so many tokens. Called with few different budgets. */
  readonly promptWithin: (tokens: number) => Prompt;
  readonly lengthOf: (prompt: Prompt) => number;
  /** Tokens of a prompt that the cache does not hold. */
  readonly unseenIn: (prompt: Prompt) => number;
  /** Tokens that may be generated without a contract. */
  readonly maxTokens: number;
}

export interface LatencyPlan<Prompt> {
  readonly prompt: Prompt;
  readonly maxTokens: number;
  readonly concessions: readonly Concession[];
}

/** With less context than this, completions are hardly worth having. */
export const SHORTEST_CONTEXT_TOKENS = 256;

/**
 * Chooses context and length such that the first line is complete within the budget:
 *
 *     tokens to evaluate * prefill + tokens of a line * decode <= budget
 *
 * The context is the longest of a fixed row of budgets that fits. What the cache holds is free, so the
 * budget chosen for one keystroke fits the next one too and keeps its window: a longer context is
 * only taken up where it can be evaluated within the budget. Where none fits, it is the one with the
 * least to evaluate.
 */
export function planLatency<Prompt>(input: LatencyPlanInput<Prompt>): LatencyPlan<Prompt> {
  const { budgetMs, estimate, mostPromptTokens, promptWithin, lengthOf, maxTokens } = input;
  const lineMs = Math.min(estimate.lineTokens, maxTokens) * estimate.decodeMs;
  const whole = promptWithin(mostPromptTokens);
  let best = { prompt: whole, ms: prefillMs(input, whole) };
  for (const tokens of contextSteps(mostPromptTokens)) {
    if (best.ms + lineMs <= budgetMs) break;
    const prompt = promptWithin(tokens);
    const ms = prefillMs(input, prompt);
    if (ms < best.ms) best = { prompt, ms };
  }
  // A line is let through to its end: half of one is of little use.
  const inTime = Math.floor((budgetMs - best.ms) / estimate.decodeMs);
  const limit = Math.min(maxTokens, Math.max(inTime, estimate.lineTokens));
  const expectedMs = best.ms + lineMs;
  const concessions: Concession[] = [];
  const [from, to] = [lengthOf(whole), lengthOf(best.prompt)];
  if (to < from) concessions.push({ kind: 'context-shortened', from, to });
  if (limit < maxTokens) concessions.push({ kind: 'length-limited', from: maxTokens, to: limit });
  if (expectedMs > budgetMs) concessions.push({ kind: 'budget-too-small', budgetMs, expectedMs });
  return { prompt: best.prompt, maxTokens: limit, concessions };
}

/** Evaluating a few tokens takes a decoding step. */
function prefillMs<Prompt>(
  { estimate, unseenIn }: LatencyPlanInput<Prompt>,
  prompt: Prompt,
): number {
  return Math.max(estimate.decodeMs, unseenIn(prompt) * estimate.prefillMs);
}

/** Powers of two and their halves between, from below `most` down: ..., 1024, 768, 512, 384, 256. */
function contextSteps(most: number): readonly number[] {
  const steps: number[] = [];
  for (let size = SHORTEST_CONTEXT_TOKENS; size < most; size *= 2) {
    steps.unshift(size);
    if (1.5 * size < most) steps.unshift(1.5 * size);
  }
  return steps;
}
