import { at } from './at.ts';
import type { Guess } from './candidate-source.ts';
import type { LookupChances } from './lookup-chances.ts';
import type { NgramIndex, Occurrence } from './ngram-index.ts';

/** A continuation that prompt lookup proposes; `cells` say on which grounds, guess by guess. */
export interface LookupChain {
  readonly guesses: readonly Guess[];
  readonly cells: readonly number[];
}

export interface LookupOptions {
  /** Guesses of a chain at most. */
  readonly length: number;
  /** Chains at most: they part at their first guess. */
  readonly count: number;
}

/** Occurrences that are looked at: older ones seldom say anything new. */
const OCCURRENCES = 16;

/**
 * Of every guess behind the first one: that a chain goes on is less certain than its single guesses
 * make it look. In the simulation that the prior comes from, 0.94 to 0.97 came to the same.
 */
const GOES_ON = 0.95;

/** Chains less likely than that to come to their end are not worth writing down. */
const LEAST_CHANCE = 0.05;

/**
 * What may follow the text, by what followed it before: the likeliest chain first. Occurrences vote
 * on each token and those that were outvoted drop out, as do those whose text has ended. A chain that
 * reaches the end of the present text goes on with its own beginning, as text that repeats itself does.
 */
export function lookup(
  index: NgramIndex,
  chances: LookupChances,
  { length, count }: LookupOptions,
): readonly LookupChain[] {
  const occurrences = index.occurrences(OCCURRENCES);
  const first = ballot(index, occurrences, (each) => index.tokenAt(each.next), chances, 0);
  return first.slice(0, count).map((choice) => follow(index, chances, choice, length));
}

interface Choice extends Guess {
  readonly cell: number;
  readonly voters: readonly Occurrence[];
}

/** Every token that was voted for, the likeliest first. Most ballots are unanimous. */
function ballot(
  index: NgramIndex,
  occurrences: readonly Occurrence[],
  tokenOf: (each: Occurrence) => number,
  chances: LookupChances,
  depth: number,
): readonly Choice[] {
  const choiceOf = (token: number, voters: readonly Occurrence[], total: number): Choice => {
    let best = at(voters, 0);
    for (const each of voters) if (each.match > best.match) best = each;
    // Each guess before was right, so the match is that much longer.
    const match = best.match + depth;
    const source = index.sourceOf(best.next + depth);
    const cell = chances.cell({ match, votes: voters.length, total, source });
    return { token, chance: chances.chance(cell), cell, voters };
  };
  const [first] = occurrences;
  if (first === undefined) return [];
  const token = tokenOf(first);
  if (token >= 0 && occurrences.every((each) => tokenOf(each) === token)) {
    return [choiceOf(token, occurrences, occurrences.length)];
  }
  const votersOf = new Map<number, Occurrence[]>();
  let votes = 0;
  for (const each of occurrences) {
    const token = tokenOf(each);
    if (token < 0) continue;
    votes += 1;
    const voters = votersOf.get(token);
    if (voters === undefined) votersOf.set(token, [each]);
    else voters.push(each);
  }
  return [...votersOf]
    .map(([each, voters]) => choiceOf(each, voters, votes))
    .sort((a, b) => b.chance - a.chance);
}

function follow(
  index: NgramIndex,
  chances: LookupChances,
  first: Choice,
  length: number,
): LookupChain {
  const guesses: Guess[] = [];
  const cells: number[] = [];
  let reach = 1;
  let choice: Choice | undefined = first;
  while (choice !== undefined) {
    const chance = guesses.length === 0 ? choice.chance : GOES_ON * choice.chance;
    guesses.push({ token: choice.token, chance });
    cells.push(choice.cell);
    reach *= chance;
    const depth = guesses.length;
    if (depth >= length || reach < LEAST_CHANCE) break;
    const tokenOf = ({ next }: Occurrence): number => {
      const place = next + depth;
      return place < index.length ? index.tokenAt(place) : at(guesses, place - index.length).token;
    };
    choice = ballot(index, choice.voters, tokenOf, chances, depth)[0];
  }
  return { guesses, cells };
}
