import { at } from '../../tree/at.ts';
import type { ChainOfGuesses, Guess } from '../../tree/candidate-source.ts';
import { argmax, type TokenRow } from '../decoder.ts';
import type { StepResult } from '../strategy.ts';
import type { DraftEconomy } from './draft-economy.ts';
import type { DraftModel } from './draft-model.ts';

export interface DrafterInput {
  readonly model: DraftModel;
  readonly economy: DraftEconomy;
  readonly prompt: readonly number[];
  /**
   * Asked once, before the first draft. Settles when the draft's cache holds some part of the prompt
   * from the start, and nothing else, and no pass of the draft is running.
   */
  readonly whenReady: () => Promise<unknown>;
  /** Whether both models know a token: their vocabularies may differ in length. */
  readonly isShared: (token: number) => boolean;
  readonly isEnd: (token: number) => boolean;
  readonly isCancelled: () => boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * The draft's side: it reads what the target has decided, proposes what may come next, and is brought
 * back in step by what came.
 *
 * Invariant: the draft's cache is a prefix of the text and the draft behind it, and never holds the
 * text's last token unless a draft stands behind that: there always is a row to begin from.
 */
export class Drafter {
  readonly #input: DrafterInput;
  /** Everything that is decided, the prompt included. */
  readonly #text: number[];
  /** The draft's rows, in order; the choice of each is the token that it proposes. */
  #rows: readonly TokenRow[] | null = null;
  #isReady = false;
  /** Whether the draft knows every token of the text. */
  #isReadable: boolean;

  constructor(input: DrafterInput) {
    this.#input = input;
    this.#text = [...input.prompt];
    this.#isReadable = input.prompt.every((token) => input.isShared(token));
  }

  /** Tokens that the present draft took passes for. */
  get drafted(): number {
    return this.#rows?.length ?? 0;
  }

  /**
   * Drafts up to `most` tokens behind the text; once for each step, a call repeated after a cancelled
   * step keeps what is there. False when cancelled.
   */
  async draft(most: number): Promise<boolean> {
    if (this.#rows !== null) return true;
    const { economy, model, whenReady } = this.#input;
    if (!this.#isReady) {
      await whenReady();
      this.#backTo(this.#text.length);
      this.#isReady = true;
    }
    const unread = this.#text.length - model.decoder.length;
    const fits = this.#isReadable && this.#text.length <= model.decoder.capacity;
    if (most < 1 || !fits || !economy.shouldBegin(unread)) {
      this.#rows = [];
      return true;
    }
    const rows = await this.#run(most);
    if (rows === null) this.#backTo(this.#text.length);
    this.#rows = rows;
    return rows !== null;
  }

  /** The draft and its side branches as chains; each ends in front of a token that nothing follows. */
  chains(): readonly ChainOfGuesses[] {
    const { economy } = this.#input;
    const chains: ChainOfGuesses[] = [];
    const trunk: Guess[] = [];
    for (const row of this.#rows ?? []) {
      const guesses = economy.acceptance
        .chancesOf(row)
        .map((chance, rank) => ({ token: at(row.ids, rank), chance }));
      for (const runnerUp of guesses.slice(1)) {
        if (!this.#isLast(runnerUp.token)) chains.push([...trunk, runnerUp]);
      }
      const [choice] = guesses;
      if (choice === undefined || this.#isLast(choice.token)) break;
      trunk.push(choice);
    }
    if (trunk.length > 0) chains.unshift(trunk);
    return chains;
  }

  /** Told what came out in the place of the draft. */
  accept(tokens: readonly number[]): void {
    const rows = this.#rows ?? [];
    this.#input.economy.acceptance.observe(rows, tokens);
    let agreed = 0;
    while (agreed < Math.min(rows.length, tokens.length)) {
      if (argmax(at(rows, agreed)) !== tokens[agreed]) break;
      agreed += 1;
    }
    const shared = this.#text.length + agreed;
    this.#text.push(...tokens);
    this.#isReadable &&= tokens.every((token) => this.#input.isShared(token));
    if (this.#isReady) this.#backTo(shared);
    this.#rows = null;
  }

  /** A token that nothing can be drafted behind. */
  #isLast(token: number): boolean {
    return this.#input.isEnd(token) || !this.#input.isShared(token);
  }

  /** Drops what the cache holds behind `shared` tokens, and the text's last token in any case. */
  #backTo(shared: number): void {
    this.#input.model.decoder.truncate(Math.min(shared, this.#text.length - 1));
  }

  async #run(most: number): Promise<readonly TokenRow[] | null> {
    const { model, economy, isCancelled, now } = this.#input;
    const rows: TokenRow[] = [];
    const choose = (row: TokenRow): number => {
      rows.push(row);
      return argmax(row);
    };
    const unread = this.#text.slice(model.decoder.length);
    const started = now();
    const strategy = await model.begin(unread, choose, isCancelled);
    if (strategy === null) return null;
    for (let goesOn = true; goesOn; goesOn = this.#shouldContinue(rows, most)) {
      if (isCancelled()) return null;
      const step: StepResult = await strategy.step();
      if (step.kind === 'cancelled') return null;
      if (step.kind === 'context-full') break;
    }
    // What a draft costs is told where it did not have to read up on the text.
    if (unread.length <= 2) economy.observeDraft(rows.length, now() - started);
    return rows;
  }

  #shouldContinue(rows: readonly TokenRow[], most: number): boolean {
    const { economy } = this.#input;
    if (rows.length >= most || rows.some((row) => this.#isLast(argmax(row)))) return false;
    const reach = rows.reduce((chance, row) => {
      return chance * (economy.acceptance.chancesOf(row)[0] ?? 0);
    }, 1);
    return economy.shouldContinue(reach, rows.length);
  }
}
