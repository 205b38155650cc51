import type { RandomSource } from '../metrics/percentiles.ts';
import { acceptByChoice, acceptTypical, softmaxOf } from '../tree/accept.ts';
import { at } from '../tree/at.ts';
import { argmax } from './decoder.ts';
import type { TokenChoice } from './token-choice.ts';

/** How the next token is picked from the model's opinion. */
export interface SamplingSettings {
  /** 0 = greedy: always the likeliest token. Above, tokens are drawn from softmax(logits / T). */
  readonly temperature: number;
  /**
   * LOSSY, and only above temperature 0: accept guesses that are likely enough instead of those that
   * were drawn. Sooner, but no longer the model's own distribution.
   */
  readonly typicalAcceptance: boolean;
}

export const GREEDY: SamplingSettings = { temperature: 0, typicalAcceptance: false };

export const MOST_TEMPERATURE = 2;

/** Why settings cannot be used, naming the one to correct; null = they can. */
export function samplingFault({ temperature }: SamplingSettings): string | null {
  if (temperature >= 0 && temperature <= MOST_TEMPERATURE) return null;
  return `The setting foretoken.temperature is ${temperature}: give a number from 0 to ${MOST_TEMPERATURE}.`;
}

/** Draws among a row's candidates (the likeliest 32 of the vocabulary); greedy at temperature 0. */
export function choiceAt({ temperature }: SamplingSettings, random: RandomSource): TokenChoice {
  if (temperature === 0) return argmax;
  return (row) => {
    const { chances } = softmaxOf(row, temperature);
    let draw = random();
    for (let rank = 0; rank < chances.length; rank += 1) {
      draw -= at(chances, rank);
      if (draw < 0) return at(row.ids, rank);
    }
    return argmax(row);
  };
}

/** How a verified tree is accepted. */
export function acceptanceOf({
  temperature,
  typicalAcceptance,
}: SamplingSettings): typeof acceptByChoice {
  if (!typicalAcceptance || temperature === 0) return acceptByChoice;
  return (tree, rowOf, choose, isEnd) => acceptTypical(tree, rowOf, choose, isEnd, { temperature });
}
