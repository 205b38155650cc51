import { randomAt } from '../../core/training/random.ts';
import type { TokenRow } from '../../core/decode/decoder.ts';
import { softmaxOf } from '../../core/tree/accept.ts';
import { at } from '../../core/tree/at.ts';
import type { PromptVocabulary } from '../../core/prompt/fim-prompt.ts';
import type { BackgroundDecoder } from '../training/background-decoder.ts';

export interface SampleInput {
  readonly decoder: Pick<BackgroundDecoder, 'continue'>;
  readonly vocabulary: PromptVocabulary;
  readonly isEnd: (token: number) => boolean;
  readonly textOf: (tokens: readonly number[]) => string;
  readonly seed: number;
}

/** How files in many languages begin. */
const STARTS = [
  'import ',
  'from ',
  '#include <',
  'package main\n\nimport (',
  'use std::',
  "'use strict';\n\nconst ",
  '/**\n * ',
  '# ',
  'def ',
  'export function ',
  'class ',
  'public class ',
];

const TEXTS = 24;
const TOKENS = 192;

/** Texts that the model makes up at temperature 1, for who has none. Null = cancelled. */
export async function sampleTexts(input: SampleInput): Promise<readonly string[] | null> {
  const { decoder, vocabulary, isEnd, textOf } = input;
  const begin = vocabulary.beginOfText === null ? [] : [vocabulary.beginOfText];
  const texts: string[] = [];
  for (let index = 0; index < TEXTS; index += 1) {
    const start = at(STARTS, index % STARTS.length);
    const prompt = [...begin, ...Array.from(vocabulary.tokenize(start))];
    const random = randomAt(input.seed, index);
    const tokens = await decoder.continue(prompt, TOKENS, (row) => drawn(row, random), isEnd);
    if (tokens === null) return null;
    texts.push(start + textOf(tokens));
  }
  return texts;
}

function drawn(row: TokenRow, random: () => number): number {
  const { chances } = softmaxOf(row);
  let rest = random();
  const index = chances.findIndex((chance) => (rest -= chance) < 0);
  return at(row.ids, Math.max(0, index));
}
