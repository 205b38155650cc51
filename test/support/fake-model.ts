import type { Decoder, TokenRow } from '../../engine/core/decode/decoder.ts';

/**
 * A language model for tests: each row is a pseudo-random function of the last three tokens and the
 * seed, so it is as chaotic as a real one and costs nothing.
 */
export class FakeModel {
  readonly vocabularySize: number;
  readonly #seed: number;

  constructor(seed: number, vocabularySize = 50) {
    this.#seed = seed;
    this.vocabularySize = vocabularySize;
  }

  row(context: readonly number[]): TokenRow {
    const logits = Array.from({ length: this.vocabularySize }, (_, id) => ({
      id,
      logit: mix([this.#seed, ...context.slice(-3), id]),
    }));
    logits.sort((a, b) => b.logit - a.logit || a.id - b.id);
    return {
      ids: Int32Array.from(logits, (each) => each.id),
      logits: Float32Array.from(logits, (each) => each.logit),
    };
  }

  /** The greedy continuation, straight from the definition. */
  greedy(prompt: readonly number[], count: number): readonly number[] {
    const all = [...prompt];
    for (let index = 0; index < count; index += 1) all.push(this.row(all).ids[0]!);
    return all.slice(prompt.length);
  }
}

/** A decoder over a fake model that keeps count of what was evaluated. */
export class FakeDecoder implements Decoder {
  readonly capacity: number;
  readonly tokens: number[] = [];
  evaluated = 0;
  /** Makes the next `append` answer as a cancelled one does. */
  cancelNext = false;
  readonly #model: FakeModel;

  constructor(model: FakeModel, capacity = 4096) {
    this.#model = model;
    this.capacity = capacity;
  }

  get length(): number {
    return this.tokens.length;
  }

  truncate(length: number): void {
    this.tokens.length = Math.min(this.tokens.length, length);
  }

  append(tokens: readonly number[]): Promise<TokenRow | null> {
    if (this.cancelNext) return Promise.resolve(null);
    this.tokens.push(...tokens);
    this.evaluated += tokens.length;
    return Promise.resolve(this.#model.row(this.tokens));
  }
}

/** A small integer hash (xorshift-multiply) mapped to 0..10. */
function mix(values: readonly number[]): number {
  let hash = 2166136261;
  for (const value of values) {
    hash = Math.imul(hash ^ value, 16777619);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4294967296 / 0.1;
}
