import type { TokenRow } from '../../core/decode/decoder.ts';
import type { TokenChoice } from '../../core/decode/token-choice.ts';
import type { TreeRows } from '../../core/decode/tree-decoder.ts';
import type { TreeLayout } from '../../core/tree/layout-tree.ts';
import type { NativeContext } from '../../native/addon.d.ts';
import { NativeTreeDecoder, type PromptTokenEmbeddings } from '../../native/native-tree-decoder.ts';
import type { Foreground } from './foreground.ts';

/** The model as training uses it: in a context of its own, giving way to the foreground. */
export class BackgroundDecoder {
  readonly #context: NativeContext;
  readonly #foreground: Foreground;
  readonly #signal: AbortSignal;
  #decoder: NativeTreeDecoder;

  constructor(context: NativeContext, foreground: Foreground, signal: AbortSignal) {
    this.#context = context;
    this.#foreground = foreground;
    this.#signal = signal;
    this.#decoder = new NativeTreeDecoder(context);
  }

  get capacity(): number {
    return this.#context.contextLength;
  }

  /** Takes prompt tokens into use. */
  usePromptTokens(embeddings: PromptTokenEmbeddings): void {
    this.#decoder.truncate(0);
    this.#decoder = new NativeTreeDecoder(this.#context, embeddings);
  }

  /** The row after `prompt`, which is all that is in the cache then. Null = cancelled. */
  start(prompt: readonly number[]): Promise<TokenRow | null> {
    return this.#call(async () => {
      const result = await this.#decoder.prefill(prompt, () => this.#signal.aborted);
      return result?.row ?? null;
    });
  }

  append(token: number): Promise<TokenRow | null> {
    return this.#call(() => this.#decoder.append([token]));
  }

  forward(layout: TreeLayout): Promise<TreeRows | null> {
    return this.#call(() => this.#decoder.forward(layout));
  }

  keep(path: readonly number[]): void {
    this.#decoder.keep(path);
  }

  /**
   * Plain decoding until the model ends the text or `most` tokens. Null = cancelled.
   *
   * @param isEnd Tokens that end the text; they are not part of it.
   */
  async continue(
    prompt: readonly number[],
    most: number,
    choose: TokenChoice,
    isEnd: (token: number) => boolean,
  ): Promise<readonly number[] | null> {
    const tokens: number[] = [];
    let row = await this.start(prompt);
    for (;;) {
      if (row === null) return null;
      const token = choose(row);
      if (isEnd(token)) return tokens;
      tokens.push(token);
      if (tokens.length === most) return tokens;
      row = await this.append(token);
    }
  }

  #call<T>(call: () => Promise<T | null>): Promise<T | null> {
    return this.#foreground.behind(
      call,
      () => {
        this.#context.cancel();
      },
      this.#signal,
    );
  }
}
