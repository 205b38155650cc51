import { below, randomAt } from '../../core/training/random.ts';
import { greedyAfterLead } from '../../core/decode/token-choice.ts';
import { buildPrompt, type PromptVocabulary } from '../../core/prompt/fim-prompt.ts';
import { at } from '../../core/tree/at.ts';
import type { BackgroundDecoder } from './background-decoder.ts';
import type { TrainingWindow, WindowSource } from './windows.ts';

export interface TextWindowsInput {
  /** At least one. */
  readonly texts: readonly string[];
  readonly vocabulary: PromptVocabulary;
  readonly decoder: Pick<BackgroundDecoder, 'continue'>;
  readonly pieceOf: (token: number) => string;
  readonly isEnd: (token: number) => boolean;
  readonly seed: number;
  /** Tells sources of one seed apart. */
  readonly stream: number;
  /** Tokens of one window at most. */
  readonly windowLength: number;
  /** Tokens that a window needs behind its first insertion. */
  readonly leastTokens: number;
  /** Share of windows that are continued by the model; the others are text as it was found. */
  readonly selfShare: number;
}

/** Tokens that the model writes itself, as many as a long completion has. */
const CONTINUATION_TOKENS = 64;

/** Characters of text before and behind the place of a cursor: more than the tokens that fit. */
const CHARACTERS_PER_TOKEN = 6;

/** Share of a prompt's tokens that the text before the cursor may take. */
const PREFIX_SHARE = 0.7;

/** Share of prompts with text behind the cursor, which is what an editor asks for. */
const FIM_SHARE = 0.5;

/** Places tried for one window. Models often have nothing to add where a text happens to be cut. */
const ATTEMPTS = 16;

/**
 * Windows of text in front of which the deployed model would be: a prompt, made as completions make
 * theirs from a random place in a random text, and the model's own greedy continuation, which
 * prompt tokens are to foresee (self-distillation).
 */
export class TextWindows implements WindowSource {
  readonly #input: TextWindowsInput;

  constructor(input: TextWindowsInput) {
    this.#input = input;
  }

  async window(index: number): Promise<TrainingWindow | null> {
    const random = randomAt(this.#input.seed, this.#input.stream, index);
    const isOwn = random() < this.#input.selfShare;
    for (let attempt = 0; isOwn && attempt < ATTEMPTS; attempt += 1) {
      const window = await this.#continued(random);
      if (window === null) return null;
      if (this.#isLongEnough(window)) return window;
    }
    return this.#found(random);
  }

  async #continued(random: () => number): Promise<TrainingWindow | null> {
    const { vocabulary, decoder, windowLength, pieceOf, isEnd } = this.#input;
    const most = Math.min(CONTINUATION_TOKENS, windowLength >> 1);
    const text = at(this.#input.texts, below(random, this.#input.texts.length));
    const cursor = below(random, text.length + 1);
    const reach = CHARACTERS_PER_TOKEN * windowLength;
    const budget = windowLength - most;
    const prefix = this.#shortened(text.slice(Math.max(0, cursor - reach), cursor), budget);
    const suffix = random() < FIM_SHARE ? text.slice(cursor, cursor + reach) : '';
    const { tokens, lead } = buildPrompt(vocabulary, { prefix, suffix }, budget);
    if (tokens.length === 0) return { tokens: new Int32Array(0), firstInsertion: 0 };
    const continuation = await decoder.continue(
      tokens,
      most,
      greedyAfterLead(lead, pieceOf),
      isEnd,
    );
    if (continuation === null) return null;
    return {
      tokens: Int32Array.from([...tokens, ...continuation]),
      firstInsertion: tokens.length - 1,
    };
  }

  /** The end of a text, in so few tokens that it fits beside a suffix: prompts drop 256 at a time. */
  #shortened(text: string, budget: number): string {
    const { vocabulary } = this.#input;
    let rest = text;
    while (vocabulary.tokenize(rest).length > PREFIX_SHARE * budget) {
      rest = rest.slice(Math.ceil(rest.length / 8));
    }
    return rest;
  }

  /** Text as it is, from a random place on. */
  #found(random: () => number): TrainingWindow {
    const { vocabulary, windowLength, texts } = this.#input;
    const begin = vocabulary.beginOfText === null ? [] : [vocabulary.beginOfText];
    const longest = texts.toSorted((a, b) => b.length - a.length)[0] ?? '';
    const chosen = at(texts, below(random, texts.length));
    for (const text of [chosen, longest]) {
      const latest = Math.max(1, text.length - CHARACTERS_PER_TOKEN * windowLength);
      const piece = text.slice(below(random, latest)).slice(0, CHARACTERS_PER_TOKEN * windowLength);
      const tokens = [...begin, ...Array.from(vocabulary.tokenize(piece))].slice(0, windowLength);
      const window = { tokens: Int32Array.from(tokens), firstInsertion: 0 };
      if (this.#isLongEnough(window)) return window;
    }
    throw new RangeError('The texts are too short to learn from.');
  }

  #isLongEnough({ tokens, firstInsertion }: TrainingWindow): boolean {
    return tokens.length - firstInsertion >= this.#input.leastTokens;
  }
}
