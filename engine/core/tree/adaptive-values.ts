import { growTree, type GrowInput } from './adaptive-tree.ts';
import { at } from './at.ts';
import type { Guess } from './candidate-source.ts';

/** What adaptive trees need to know of the future. */
export interface AdaptivePrices {
  /** h_0..h_m, h_m = 0. */
  readonly values: Float64Array;
  readonly tokensPerMs: number;
}

export type PriceInput = Pick<GrowInput, 'ensemble' | 'latencyMs' | 'maxLength'> & {
  /** Calibrated guesses of recorded steps in the highest state: `[context][d - 1]`. */
  readonly contexts: readonly (readonly (readonly Guess[])[])[];
  /** Those of the best static plan. */
  readonly start: AdaptivePrices;
};

const ROUNDS = 12;

/**
 * The value of the states and the rate when trees are grown for each context: with them, guesses are
 * worth more than in a static plan, for they come with a notion of which to trust. Relative value
 * iteration over recorded contexts: h_k is the mean of (tokens + h after - rate * cost) over the trees
 * grown from the first k guesses of each context, and the rate is the one at which h_m stays 0.
 */
export function adaptivePrices({ contexts, start, ...input }: PriceInput): AdaptivePrices {
  let prices = start;
  for (let round = 0; round < ROUNDS && contexts.length > 0; round += 1) {
    const states = Array.from(prices.values, (_, state) => {
      const grown = contexts.map((guesses) =>
        growTree({
          ...input,
          ...prices,
          root: -1,
          chains: null,
          guesses: guesses.slice(0, state),
        }),
      );
      const mean = (of: (each: (typeof grown)[number]) => number): number =>
        grown.reduce((sum, each) => sum + of(each), 0) / grown.length;
      return {
        worth: mean((each) => each.worth),
        cost: mean((each) => at(input.latencyMs, each.length)),
      };
    });
    const last = at(states, states.length - 1);
    const tokensPerMs = last.worth / last.cost;
    const values = Float64Array.from(states, ({ worth, cost }) => worth - tokensPerMs * cost);
    prices = { values, tokensPerMs };
  }
  return prices;
}
