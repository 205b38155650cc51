import { at } from './at.ts';

/** A continuation that followed the present suffix before. */
export interface Chain {
  readonly tokens: readonly number[];
  /** Tokens of the suffix that matched: the longer, the likelier the chain. */
  readonly match: number;
}

export interface ProposeOptions {
  /** Tokens of a chain at most. */
  readonly length: number;
  /** Chains at most. */
  readonly count: number;
}

const SHORTEST_MATCH = 2;
const LONGEST_MATCH = 5;

/** Occurrences of one suffix that are looked at, the latest first: older ones seldom add a chain. */
const OCCURRENCES = 16;

/**
 * Where every run of 2 to 5 tokens went on, kept up to date token by token (prompt lookup, Saxena
 * 2023). Appending and removing cost the same few map operations per token.
 */
export class NgramIndex {
  readonly #tokens: number[] = [];
  /** Positions behind each run, rising. */
  readonly #positions = new Map<string, number[]>();

  constructor(tokens: Iterable<number> = []) {
    this.push(tokens);
  }

  get length(): number {
    return this.#tokens.length;
  }

  push(tokens: Iterable<number>): void {
    for (const token of tokens) {
      this.#tokens.push(token);
      for (const key of this.#keys()) {
        const positions = this.#positions.get(key);
        if (positions === undefined) this.#positions.set(key, [this.#tokens.length]);
        else positions.push(this.#tokens.length);
      }
    }
  }

  /** Forgets all but the first `length` tokens. */
  truncate(length: number): void {
    while (this.#tokens.length > length) {
      for (const key of this.#keys()) {
        const positions = this.#positions.get(key);
        positions?.pop();
        if (positions?.length === 0) this.#positions.delete(key);
      }
      this.#tokens.pop();
    }
  }

  /** What followed the present end before: longer matches first, then later ones; none twice. */
  propose({ length, count }: ProposeOptions): readonly Chain[] {
    const chains: Chain[] = [];
    const seen = new Set<string>();
    for (const [index, key] of this.#keys().entries()) {
      const before = (this.#positions.get(key) ?? []).slice(-OCCURRENCES - 1, -1).reverse();
      for (const position of before) {
        const tokens = this.#tokens.slice(position, position + length);
        if (chains.length === count) return chains;
        if (seen.has(tokens.join())) continue;
        seen.add(tokens.join());
        chains.push({ tokens, match: this.#longestRun() - index });
      }
    }
    return chains;
  }

  /** Names of the runs that end here, the longest first. */
  #keys(): readonly string[] {
    const keys: string[] = [];
    let key = '';
    for (let run = 1; run <= this.#longestRun(); run += 1) {
      key += `,${at(this.#tokens, this.#tokens.length - run)}`;
      if (run >= SHORTEST_MATCH) keys.unshift(key);
    }
    return keys;
  }

  #longestRun(): number {
    return Math.min(LONGEST_MATCH, this.#tokens.length);
  }
}
