/** Where candidates of one step come from: guesses of prompt tokens, n-gram chains, or both. */

/** A token with the chance that it is right, given that everything before it is. */
export interface Guess {
  readonly token: number;
  readonly chance: number;
}

/** Chains with shared prefixes. */
export interface ChainNode {
  readonly children: ReadonlyMap<number, { readonly chance: number; readonly node: ChainNode }>;
}

/** What is known at one place of the tree. */
export interface Place {
  readonly depth: number;
  readonly chains: ChainNode | null;
}

export interface PlacedGuess extends Guess {
  readonly place: Place;
}

/** A chain of tokens, each with its chance. */
export type ChainOfGuesses = readonly Guess[];

interface MutableChainNode extends ChainNode {
  readonly children: Map<number, { chance: number; readonly node: MutableChainNode }>;
}

/** Of chains that agree, the likeliest says how likely. */
export function chainTrie(chains: readonly ChainOfGuesses[]): ChainNode {
  const root: MutableChainNode = { children: new Map() };
  for (const chain of chains) {
    let { children } = root;
    for (const { token, chance } of chain) {
      const child = children.get(token) ?? { chance: 0, node: { children: new Map() } };
      child.chance = Math.max(child.chance, chance);
      children.set(token, child);
      ({ children } = child.node);
    }
  }
  return root;
}

/**
 * What may follow at a place, the likeliest first. A guess of a prompt token depends on the depth
 * alone; two sources that name the same token count as independent witnesses.
 *
 * @param guesses `[d - 1]`: guesses for distance d.
 */
export function candidatesAt(
  place: Place,
  guesses: readonly (readonly Guess[])[],
): readonly PlacedGuess[] {
  const chances = new Map<number, number>();
  for (const { token, chance } of guesses[place.depth] ?? []) chances.set(token, chance);
  for (const [token, { chance }] of place.chains?.children ?? []) {
    chances.set(token, 1 - (1 - (chances.get(token) ?? 0)) * (1 - chance));
  }
  const sum = [...chances.values()].reduce((total, chance) => total + chance, 0);
  const scale = Math.max(1, sum);
  return [...chances]
    .map(([token, chance]) => ({
      token,
      chance: chance / scale,
      place: {
        depth: place.depth + 1,
        chains: place.chains?.children.get(token)?.node ?? null,
      },
    }))
    .sort((a, b) => b.chance - a.chance);
}
