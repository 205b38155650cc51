import type { AcceptedStep, DecodingStrategy } from './strategy.ts';
import { withoutLead } from './token-choice.ts';

/** Turns token ids into text as they come; bytes of a split character wait for their rest. */
export interface TextStream {
  push(token: number): string;
  /** What is left when no token follows. */
  end(): string;
}

/** The verdict of a stop rule on all text so far. */
export type StopVerdict =
  | { readonly kind: 'continue' }
  /** Characters of the text that stay. */
  | { readonly kind: 'stop'; readonly keep: number };

export interface GenerateInput {
  readonly strategy: DecodingStrategy;
  readonly maxTokens: number;
  /** End-of-generation and control tokens: none of them ever becomes text. */
  readonly isEnd: (token: number) => boolean;
  readonly textStream: TextStream;
  /** White space that the text begins with because the prompt held it back: see token-choice.ts. */
  readonly lead: string;
  /** Called with all text so far after each token; see stop.ts. */
  readonly checkStop: (text: string) => StopVerdict;
  /** Whether time is up: generation then ends as soon as one line is complete. */
  readonly isLate: () => boolean;
  /** Looked at between steps; within a step cancelling is the decoder's business. */
  readonly isCancelled: () => boolean;
  readonly onText?: (text: string) => void;
  /** Called with each step before its tokens are looked at. */
  readonly onStep?: (step: AcceptedStep) => void;
}

export type GenerateFinish =
  'end-of-text' | 'stop-rule' | 'max-tokens' | 'deadline' | 'context-full';

export type GenerateResult =
  | {
      readonly kind: 'cancelled';
      /** What had been decoded by then. */
      readonly tokens: readonly number[];
    }
  | {
      readonly kind: 'done';
      readonly text: string;
      readonly tokens: readonly number[];
      /** `topMargin` at each of `tokens`, and where the model ended the text, at its end. */
      readonly margins: readonly number[];
      /** Steps that gave at least one of `tokens`; one that only ended the text is none. */
      readonly steps: number;
      readonly finish: GenerateFinish;
    };

/**
 * Runs a strategy until something ends the text. Tokens accepted in one step are looked at one by
 * one, so what follows an end token or a stop in the same step is dropped.
 */
export async function generate(input: GenerateInput): Promise<GenerateResult> {
  const tokens: number[] = [];
  const margins: number[] = [];
  let raw = '';
  let text = '';
  let steps = 0;
  const append = (piece: string): void => {
    raw += piece;
    text = withoutLead(raw, input.lead);
  };
  const done = (finish: GenerateFinish): GenerateResult => {
    if (finish !== 'stop-rule' && finish !== 'deadline') append(input.textStream.end());
    return { kind: 'done', text, tokens, margins, steps, finish };
  };

  while (tokens.length < input.maxTokens) {
    if (input.isCancelled()) return { kind: 'cancelled', tokens };
    const step = await input.strategy.step(input.maxTokens - tokens.length);
    if (step.kind !== 'accepted') {
      return step.kind === 'cancelled' ? { kind: 'cancelled', tokens } : done('context-full');
    }
    input.onStep?.(step);
    for (const [index, token] of step.tokens.entries()) {
      margins.push(step.margins[index] ?? Infinity);
      if (input.isEnd(token)) return done('end-of-text');
      if (index === 0) steps += 1;
      tokens.push(token);
      append(input.textStream.push(token));
      const verdict = input.checkStop(text);
      if (verdict.kind === 'stop') {
        text = text.slice(0, verdict.keep);
        return done('stop-rule');
      }
      if (tokens.length === input.maxTokens) break;
    }
    input.onText?.(text);
    if (input.isLate() && hasCompleteLine(text)) {
      text = text.slice(0, text.lastIndexOf('\n'));
      return done('deadline');
    }
  }
  return done('max-tokens');
}

/** Whether a line that is not blank has come to its end. */
export function hasCompleteLine(text: string): boolean {
  const end = text.lastIndexOf('\n');
  return end >= 0 && text.slice(0, end).trim() !== '';
}
