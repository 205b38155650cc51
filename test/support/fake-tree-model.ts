import assert from 'node:assert/strict';
import { argmax, type TokenRow } from '../../engine/core/decode/decoder.ts';
import type { TreeDecoder, TreeRows } from '../../engine/core/decode/tree-decoder.ts';
import type { RandomSource } from '../../engine/core/metrics/percentiles.ts';
import { layoutFault, type TreeLayout } from '../../engine/core/tree/layout-tree.ts';

/** Anything that gives a row for a context: `FakeModel` is one. */
export interface RowSource {
  readonly vocabularySize: number;
  row(context: readonly number[]): TokenRow;
}

/** What a prompt token at `distance` (from 1) guesses in a context. */
export type Guesser = (context: readonly number[], distance: number) => TokenRow;

/**
 * Guesses whose chances are true: a guess draws its chances by rank from `profile`, puts the token
 * that greedy decoding will come to at a rank drawn from them (or nowhere), and shows logits that say
 * so. Use with a large vocabulary, over which the rest of the chance is spread.
 */
export function calibratedGuesser(
  model: RowSource,
  random: RandomSource,
  profile: (distance: number, random: RandomSource) => readonly number[],
): Guesser {
  return (context, distance) => {
    const chances = profile(distance, random);
    const all = [...context];
    for (let step = 0; step <= distance; step += 1) all.push(argmax(model.row(all)));
    const truth = all.at(-1)!;
    let draw = random();
    const rank = chances.findIndex((chance) => (draw -= chance) < 0);
    const size = model.vocabularySize;
    const others = Array.from({ length: size - 1 }, (_, index) => (truth + 1 + index) % size);
    const ids = others.toSpliced(rank < 0 ? chances.length : rank, 0, truth);
    const rest = 1 - chances.reduce((sum, chance) => sum + chance, 0);
    const tail = rest / (size - chances.length);
    return {
      ids: Int32Array.from(ids),
      logits: Float32Array.from(ids, (_, index) => Math.log(chances[index] ?? tail)),
    };
  };
}

/** One cell of the K/V cache during a forward pass. */
interface Cell {
  readonly token: number;
  readonly slot: number;
  readonly position: number;
  readonly sequences: readonly number[];
}

/**
 * A tree decoder with llama.cpp's attention: a row sees the cache, and of the batch the cells that
 * share its first sequence and do not stand behind it. Breaches of the batch rules fail the test.
 */
export class FakeTreeDecoder implements TreeDecoder {
  readonly capacity: number;
  readonly promptTokens: { readonly count: number; readonly ensemble: number };
  readonly tokens: number[] = [];
  forwards = 0;
  rows = 0;
  /** Makes the next `forward` or `append` answer as a cancelled one does. */
  cancelNext = false;
  readonly #model: RowSource;
  readonly #guesser: Guesser;
  #layout: TreeLayout | null = null;

  constructor(
    model: RowSource,
    guesser: Guesser,
    promptTokens: { readonly count: number; readonly ensemble: number },
    capacity = 100_000,
  ) {
    this.#model = model;
    this.#guesser = guesser;
    this.promptTokens = promptTokens;
    this.capacity = capacity;
  }

  get length(): number {
    return this.tokens.length;
  }

  truncate(length: number): void {
    this.tokens.length = Math.min(this.tokens.length, length);
  }

  append(tokens: readonly number[]): Promise<TokenRow | null> {
    if (this.cancelNext) {
      this.cancelNext = false;
      return Promise.resolve(null);
    }
    this.tokens.push(...tokens);
    return Promise.resolve(this.#model.row(this.tokens));
  }

  forward(layout: TreeLayout): Promise<TreeRows | null> {
    assert.equal(layoutFault(layout), null);
    assert.ok(this.length + layout.length <= this.capacity, 'over the capacity');
    const slots = this.promptTokens.count * this.promptTokens.ensemble;
    assert.ok(
      layout.slots.every((slot) => slot < slots),
      'a prompt token that is not there',
    );
    if (this.cancelNext) {
      this.cancelNext = false;
      return Promise.resolve(null);
    }
    this.forwards += 1;
    this.rows += layout.length;
    this.#layout = layout;
    const cells = cellsOf(layout);
    const nodes: TokenRow[] = [];
    const guesses: TokenRow[][] = [];
    for (const [row, cell] of cells.entries()) {
      const seen = this.#seenBy(cells, row);
      const text = [...this.tokens, ...seen.filter((c) => c.slot < 0).map((c) => c.token)];
      if (row < layout.nodes) {
        assert.ok(seen.every((each) => each.slot < 0));
        nodes.push(this.#model.row(text));
        guesses.push([]);
      } else if (cell.slot >= 0) {
        const distance = this.#checkChain(seen);
        const owner = guesses[layout.owners[row]!]!;
        // All rows of one prompt token guess alike here, so their mean is any of them.
        if (distance > owner.length) owner.push(this.#guesser(text, distance));
      }
    }
    const { stem } = layout;
    assert.ok(guesses.slice(0, stem).every(({ length }) => length === 0));
    return Promise.resolve({ nodes: nodes.slice(stem), guesses: guesses.slice(stem) });
  }

  keep(path: readonly number[]): void {
    const layout = this.#layout;
    assert.ok(layout !== null, 'keep without a forward pass');
    for (const [index, row] of path.entries()) {
      assert.ok(row < layout.nodes);
      assert.equal(layout.parents[row], index === 0 ? -1 : path[index - 1]);
      this.tokens.push(layout.tokens[row]!);
    }
    this.#layout = null;
  }

  /** What a row attends to in its batch, by position; there must be one cell for each. */
  #seenBy(cells: readonly Cell[], row: number): readonly Cell[] {
    const own = cells[row]!;
    const seen = cells
      .filter((c) => c.sequences.includes(own.sequences[0]!) && c.position <= own.position)
      .sort((a, b) => a.position - b.position);
    assert.deepEqual(
      seen.map((cell) => cell.position),
      seen.map((_, position) => position),
    );
    assert.equal(seen.at(-1), own);
    return seen;
  }

  /** A prompt token sees nodes, then the nearer prompt tokens of its own chain alone. */
  #checkChain(seen: readonly Cell[]): number {
    const { ensemble } = this.promptTokens;
    const slots = seen.map((cell) => cell.slot);
    const chain = slots.filter((slot) => slot >= 0);
    assert.deepEqual(slots.slice(-chain.length), chain);
    chain.forEach((slot, index) => {
      assert.equal(slot, index * ensemble + (chain[0]! % ensemble));
    });
    return chain.length;
  }
}

function cellsOf(layout: TreeLayout): readonly Cell[] {
  return Array.from({ length: layout.length }, (_, row) => ({
    token: layout.tokens[row]!,
    slot: layout.slots[row]!,
    position: layout.offsets[row]!,
    sequences: layout.sequences[row]!,
  }));
}

/** A model whose row depends on the last token alone, for long runs: a counter through all tokens. */
export class CounterModel implements RowSource {
  readonly vocabularySize = 64;
  readonly #rows = Array.from({ length: 64 }, (_, last): TokenRow => ({
    ids: Int32Array.from({ length: 64 }, (__, rank) => (5 * last + 3 + rank) % 64),
    logits: Float32Array.from({ length: 64 }, (__, rank) => -rank),
  }));

  row(context: readonly number[]): TokenRow {
    return this.#rows[context.at(-1) ?? 0]!;
  }
}
