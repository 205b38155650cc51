import { at } from './at.ts';
import { candidatesAt, type ChainNode, type Guess, type PlacedGuess } from './candidate-source.ts';
import { tokenTree, type TokenTree, type TreeNode } from './candidate-tree.ts';
import { MaxHeap } from './max-heap.ts';

/**
 * The tree for this very context (ppd.md section 7): it grows by the addition that gains most per
 * row, and is cut where what it gains no longer pays for the time it takes.
 *
 * Additions and their exact gain in tokens, with C, q and n as in expected-gain.ts and h the value of
 * the states:
 *
 *     candidate c with j prompt tokens below v    C(c) * (1 - h[n(v)] + h[j])    1 + j E rows
 *     prompt tokens of v from i to j              q(v) * (h[j] - h[i])           (j - i) E rows
 */
export interface GrowInput {
  readonly root: number;
  /** `[d - 1]`: guesses for distance d, the likeliest first. */
  readonly guesses: readonly (readonly Guess[])[];
  readonly chains: ChainNode | null;
  readonly ensemble: number;
  /** h_0..h_m: `TreePlan.values`. */
  readonly values: Float64Array;
  /** Tokens that a millisecond is worth: the rate at which decoding goes on. */
  readonly tokensPerMs: number;
  /** As in `OptimiseInput`. Lengths that it does not know are not used. */
  readonly latencyMs: readonly number[];
  readonly maxLength: number;
}

export interface GrownTree {
  readonly tree: TokenTree;
  /** Tokens that the step is expected to yield. */
  readonly tokens: number;
  /** `tokens` and the value of the state that it is expected to end in. */
  readonly worth: number;
  readonly length: number;
}

interface GrowingNode {
  readonly parent: number;
  readonly token: number;
  /** C(v). */
  readonly reach: number;
  /** q(v) by the additions so far. */
  stop: number;
  prompts: number;
  readonly candidates: readonly PlacedGuess[];
}

/** An addition that is still to be made: candidate number `index` of a node, or prompt tokens. */
interface Addition {
  readonly node: number;
  readonly index: number | 'prompts';
}

interface Offer {
  readonly gain: number;
  readonly rows: number;
  /** Prompt tokens that the node has afterwards. */
  readonly prompts: number;
}

export function growTree(input: GrowInput): GrownTree {
  return new Growth(input).run();
}

type Snapshot = Omit<GrownTree, 'tree'> & { readonly nodes: readonly TreeNode[] };

class Growth {
  readonly #input: GrowInput;
  readonly #nodes: GrowingNode[] = [];
  readonly #heap = new MaxHeap<Addition>();
  #rows = 1;
  #worth: number;
  #best: Snapshot;
  readonly #most: number;

  constructor(input: GrowInput) {
    this.#input = input;
    // The bare root yields one token and leaves no guesses.
    this.#worth = 1 + at(input.values, 0);
    this.#most = Math.min(input.maxLength, input.latencyMs.length - 1);
    this.#add({ parent: -1, token: input.root, reach: 1, prompts: 0, place: null });
    this.#best = this.#snapshot();
  }

  run(): GrownTree {
    for (let next = this.#heap.pop(); next !== undefined; next = this.#heap.pop()) {
      const offer = this.#offer(next);
      if (offer.gain <= 0) continue;
      // An addition made since may have lowered what this one gains.
      if (offer.gain / offer.rows < this.#heap.topKey) this.#push(next, offer);
      else this.#make(next, offer);
    }
    const { nodes, tokens, worth, length } = this.#best;
    return { tree: tokenTree(nodes), tokens, worth, length };
  }

  #make({ node, index }: Addition, offer: Offer): void {
    const parent = at(this.#nodes, node);
    this.#rows += offer.rows;
    this.#worth += offer.gain;
    if (index === 'prompts') {
      parent.prompts = offer.prompts;
      this.#consider({ node, index: 'prompts' });
    } else {
      const { token, chance, place } = at(parent.candidates, index);
      const reach = parent.reach * chance;
      parent.stop -= reach;
      this.#add({ parent: node, token, reach, prompts: offer.prompts, place });
      this.#consider({ node, index: index + 1 });
    }
    if (this.#net(this.#rows, this.#worth) > this.#net(this.#best.length, this.#best.worth)) {
      this.#best = this.#snapshot();
    }
  }

  #add(node: {
    readonly parent: number;
    readonly token: number;
    readonly reach: number;
    readonly prompts: number;
    readonly place: PlacedGuess['place'] | null;
  }): void {
    const place = node.place ?? { depth: 0, chains: this.#input.chains };
    const candidates = candidatesAt(place, this.#input.guesses);
    const { parent, token, reach, prompts } = node;
    const index = this.#nodes.push({ parent, token, reach, stop: reach, prompts, candidates }) - 1;
    this.#consider({ node: index, index: 0 });
    this.#consider({ node: index, index: 'prompts' });
  }

  #consider(addition: Addition): void {
    const offer = this.#offer(addition);
    if (offer.gain > 0) this.#push(addition, offer);
  }

  #push(addition: Addition, { gain, rows }: Offer): void {
    this.#heap.push(gain / rows, addition);
  }

  /** The best number of prompt tokens to make an addition with, of those that still fit. */
  #offer({ node, index }: Addition): Offer {
    const { values, ensemble } = this.#input;
    const { prompts, stop, reach, candidates } = at(this.#nodes, node);
    let best: Offer = { gain: 0, rows: 1, prompts };
    const stay = at(values, prompts);
    const candidate = index === 'prompts' ? null : candidates[index];
    if (candidate === undefined) return best;
    for (let j = candidate === null ? prompts + 1 : 0; j < values.length; j += 1) {
      const gain =
        candidate === null
          ? stop * (at(values, j) - stay)
          : reach * candidate.chance * (1 - stay + at(values, j));
      const rows = candidate === null ? (j - prompts) * ensemble : 1 + j * ensemble;
      if (this.#rows + rows > this.#most) break;
      if (gain / rows > best.gain / best.rows) best = { gain, rows, prompts: j };
    }
    return best;
  }

  #net(rows: number, worth: number): number {
    return worth - this.#input.tokensPerMs * at(this.#input.latencyMs, rows);
  }

  #snapshot(): Snapshot {
    const nodes = this.#nodes.map(({ parent, token, prompts }) => ({
      parent,
      label: token,
      prompts,
    }));
    const tokens = this.#nodes.reduce((sum, node) => sum + node.reach, 0);
    return { nodes, tokens, worth: this.#worth, length: this.#rows };
  }
}
