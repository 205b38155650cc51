import type { TokenRow } from '../core/decode/decoder.ts';
import type { TreeDecoder, TreeRows } from '../core/decode/tree-decoder.ts';
import { at } from '../core/tree/at.ts';
import type { TreeLayout } from '../core/tree/layout-tree.ts';
import type { DecodeRows, NativeContext } from './addon.d.ts';
import { NativeDecoder, ROW_CANDIDATES, SEQUENCE } from './native-decoder.ts';

/** Trained prompt tokens: m times E embeddings, row (distance - 1) * E + ensemble. */
export interface PromptTokenEmbeddings {
  readonly count: number;
  readonly ensemble: number;
  readonly rows: Float32Array;
}

/** A row that comes back: a node, or prompt token `distance` of one. */
interface Output {
  readonly owner: number;
  /** 0 for the node itself. */
  readonly distance: number;
  /** Rows of the layout whose mean it is. */
  readonly rows: number[];
}

/**
 * The seam's native side with trees. Sequence 0 holds the text as in `NativeDecoder`; the addon
 * keeps the other sequences of a tree in step with it.
 */
export class NativeTreeDecoder extends NativeDecoder implements TreeDecoder {
  readonly promptTokens: { readonly count: number; readonly ensemble: number };
  /** Of the last forward pass, until it is kept or dropped. */
  #layout: TreeLayout | null = null;
  /** Rows of a chain that the cache holds beyond `tokens`. */
  #chainLength = 0;
  /** Whether the last pass took embeddings: a chain then does so too, for the sake of the graph. */
  #embedded = false;

  constructor(context: NativeContext, prompts: PromptTokenEmbeddings | null = null) {
    super(context);
    this.promptTokens = { count: prompts?.count ?? 0, ensemble: prompts?.ensemble ?? 1 };
    if (prompts !== null) context.setPromptEmbeddings(prompts.rows);
  }

  async forward(layout: TreeLayout): Promise<TreeRows | null> {
    this.#dropChain();
    this.#layout = null;
    const rows =
      isPlainText(layout) && !this.#embedded
        ? await this.#forwardChain(layout)
        : await this.#forwardTree(layout);
    if (rows !== null) this.#layout = layout;
    return rows;
  }

  keep(path: readonly number[]): void {
    const layout = this.#layout;
    if (layout === null) throw new Error('There is no forward pass to keep a path of.');
    this.#layout = null;
    if (this.#chainLength === 0) this.context.keepPath(Int32Array.from(path));
    this.tokens.push(...path.map((row) => at(layout.tokens, row)));
    this.#chainLength = Math.max(0, this.#chainLength - path.length);
    this.#dropChain();
  }

  override async append(tokens: readonly number[]): Promise<TokenRow | null> {
    this.#dropChain();
    this.#embedded = false;
    return super.append(tokens);
  }

  override truncate(length: number): void {
    this.#dropChain();
    this.#embedded = false;
    super.truncate(length);
  }

  /** Text that follows the cache needs no sequences of its own: it is a batch like a prompt's. */
  async #forwardChain(layout: TreeLayout): Promise<TreeRows | null> {
    const { length, stem } = layout;
    const result = await this.thread.run(length, (blocking) =>
      this.context.decode({
        tokens: layout.tokens,
        sequence: SEQUENCE,
        position: this.tokens.length,
        outputs: length - stem,
        topK: ROW_CANDIDATES,
        blocking,
      }),
    );
    if (result.kind === 'cancelled') return null;
    this.#chainLength = length;
    const nodes = Array.from({ length: length - stem }, (_, row) => rowAt(result, row));
    return { nodes, guesses: nodes.map(() => []) };
  }

  /** Takes back what a chain left in the cache beyond what was kept. */
  #dropChain(): void {
    if (this.#chainLength === 0) return;
    this.#chainLength = 0;
    this.context.removeTokens(SEQUENCE, this.tokens.length, -1);
  }

  async #forwardTree(layout: TreeLayout): Promise<TreeRows | null> {
    this.#embedded ||= layout.slots.some((slot) => slot >= 0);
    const outputs = outputsOf(layout, this.promptTokens.ensemble);
    const result = await this.thread.run(layout.length, (blocking) =>
      this.context.decodeTree({
        tokens: layout.tokens,
        slots: layout.slots,
        offsets: layout.offsets,
        sequenceCounts: Int32Array.from(layout.sequences, (ids) => ids.length),
        sequences: Int32Array.from(layout.sequences.flat()),
        outputs: Int32Array.from(outputs.flatMap(({ rows }) => rows)),
        outputCounts: Int32Array.from(outputs, ({ rows }) => rows.length),
        embedded: this.#embedded,
        topK: ROW_CANDIDATES,
        blocking,
      }),
    );
    if (result.kind === 'cancelled') return null;
    const guesses = Array.from({ length: layout.nodes - layout.stem }, (): TokenRow[] => []);
    const nodes: TokenRow[] = [];
    for (const [index, { owner, distance }] of outputs.entries()) {
      (distance === 0 ? nodes : at(guesses, owner - layout.stem)).push(rowAt(result, index));
    }
    return { nodes, guesses };
  }
}

/** One path of tokens, none of them padding. */
function isPlainText({ sequenceCount, length, nodes }: TreeLayout): boolean {
  return sequenceCount === 1 && length === nodes;
}

/**
 * Nodes behind the stem in order, then each prompt token's rows together, near ones first; padding has
 * none.
 */
function outputsOf(layout: TreeLayout, ensemble: number): readonly Output[] {
  const outputs = new Map<number, Output>();
  for (let row = 0; row < layout.length; row += 1) {
    const owner = at(layout.owners, row);
    const slot = at(layout.slots, row);
    if (owner < layout.stem) continue;
    const distance = slot < 0 ? 0 : Math.floor(slot / ensemble) + 1;
    const key = distance * layout.nodes + owner;
    const output = outputs.get(key);
    if (output === undefined) outputs.set(key, { owner, distance, rows: [row] });
    else output.rows.push(row);
  }
  return [...outputs.values()];
}

function rowAt({ ids, logits, topK }: DecodeRows, row: number): TokenRow {
  return {
    ids: ids.subarray(row * topK, (row + 1) * topK),
    logits: logits.subarray(row * topK, (row + 1) * topK),
  };
}
