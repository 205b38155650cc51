/** A step of a decode, as the figures need it. */
export interface BenchStep {
  /** Depth of the candidate tree that was verified; 0 = nothing was guessed. */
  readonly guessed: number;
  /** Candidates that were accepted, the bonus token not counted. */
  readonly accepted: number;
}

/** One decode of one prompt. */
export interface BenchSample {
  readonly prompt: number;
  readonly run: number;
  readonly tokens: readonly number[];
  /** Margins of the greedy choices, in logits: see `topMargin`; that of the end is one of them. */
  readonly margins: readonly number[];
  readonly steps: number;
  readonly stepLog: readonly BenchStep[];
  /** Decoding alone; the prefill is the same in every mode. */
  readonly decodeMs: number;
  /** From the start of the prefill to the first whole line that is not blank, or to the end. */
  readonly firstLineMs: number;
}

export type BenchKind = 'fill-in-middle' | 'prefix';

/** What is known of a prompt, in the order of the prompts. */
export interface PromptFacts {
  readonly kind: BenchKind;
  /** Null where the prompt does not say. */
  readonly language: string | null;
}

/** A figure and the ends of its 95 % interval. */
export interface Interval {
  /** The figure. In `totalSpeedup` it is a ratio of sums. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Decoding alone. Infinite for a decode that took no time, which is none: see `isTimed`. */
export function tokensPerSecond(sample: BenchSample): number {
  return (1000 * sample.tokens.length) / sample.decodeMs;
}

/** Whether there is a rate: the model may end a text at once. */
export function isTimed({ tokens, decodeMs }: BenchSample): boolean {
  return tokens.length > 0 && decodeMs > 0;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
