import type { NativeModel } from './addon.d.ts';
import { pieceOf } from './vocabulary.ts';

const UNKNOWN = 0;
const NO = 1;
const YES = 2;

/** What is asked of many tokens in every step, so the model is asked only once for each. */
export class TokenTraits {
  readonly #model: NativeModel;
  readonly #ends: Uint8Array;
  readonly #breaks: Uint8Array;

  constructor(model: NativeModel) {
    this.#model = model;
    this.#ends = new Uint8Array(model.info.vocabularySize);
    this.#breaks = new Uint8Array(model.info.vocabularySize);
  }

  /** End-of-generation and control tokens: none of them ever becomes text. */
  readonly isEnd = (token: number): boolean =>
    known(
      this.#ends,
      token,
      () => this.#model.isEndOfGeneration(token) || this.#model.isControl(token),
    );

  /** Whether the token's text holds a line break. */
  readonly breaksLine = (token: number): boolean =>
    known(this.#breaks, token, () => pieceOf(this.#model, token).includes('\n'));
}

function known(answers: Uint8Array, token: number, ask: () => boolean): boolean {
  if (answers[token] === UNKNOWN) answers[token] = ask() ? YES : NO;
  return answers[token] === YES;
}
