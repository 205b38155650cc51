import { seededRandom, type RandomSource } from '../metrics/percentiles.ts';
import type { LabelledPrompt } from './built-in-prompts.ts';
import { shuffled } from './shuffle.ts';

/** Text with LF line ends. */
export interface SourceText {
  readonly language: string;
  readonly text: string;
}

export interface CutOptions {
  /** Prompts wanted; fewer come where there is too little text. */
  readonly count: number;
  /** The same texts and the same seed give the same prompts. */
  readonly seed: number;
}

const PREFIX_CHARACTERS = 3000;
const SUFFIX_CHARACTERS = 1000;
const LEAST_LINES_ABOVE = 4;
/** A file with longer ones is minified, or data. */
const LONGEST_LINE = 500;
/** Lines that a hole takes besides the one it begins in, at most. */
const MOST_FURTHER_LINES = 2;
/** Every third prompt is to be continued, the others are to be filled in. */
const KINDS = 3;

/**
 * Cuts prompts out of source texts as if somebody were typing there: a hole from the start or from
 * the middle of a line to the end of it, or of one of the next. The texts take turns.
 */
export function cutPrompts(
  sources: readonly SourceText[],
  { count, seed }: CutOptions,
): readonly LabelledPrompt[] {
  const random = seededRandom(seed);
  const pools = shuffled(sources.filter(isCode), random).map((source) => {
    const lines = source.text.split('\n');
    return { source, lines, places: [...shuffled(placesIn(lines), random)] };
  });
  const prompts: LabelledPrompt[] = [];
  while (prompts.length < count) {
    const before = prompts.length;
    for (const { source, lines, places } of pools) {
      const place = places.pop();
      if (place === undefined || prompts.length === count) continue;
      const kind = (prompts.length + 1) % KINDS === 0 ? 'prefix' : 'fill-in-middle';
      prompts.push(cutAt(lines, place, source.language, kind, random));
    }
    if (prompts.length === before) break;
  }
  return prompts;
}

function isCode({ text }: SourceText): boolean {
  return !text.includes('\0') && text.split('\n').every(({ length }) => length <= LONGEST_LINE);
}

/** Lines that say something, with something above to go by. */
function placesIn(lines: readonly string[]): readonly number[] {
  return [...lines.keys()].filter(
    (index) => index >= LEAST_LINES_ABOVE && /\w{2}/.test(lines[index] ?? ''),
  );
}

function cutAt(
  lines: readonly string[],
  place: number,
  language: string,
  kind: 'prefix' | 'fill-in-middle',
  random: RandomSource,
): LabelledPrompt {
  const line = lines[place] ?? '';
  const above = `${lines.slice(0, place).join('\n')}\n`;
  if (kind === 'prefix') return { prompt: lastLines(above, PREFIX_CHARACTERS), language };
  const prompt = lastLines(above + line.slice(0, columnIn(line, random)), PREFIX_CHARACTERS);
  const end = place + 1 + Math.floor(random() * (MOST_FURTHER_LINES + 1));
  const below = lines.slice(end).map((each) => `\n${each}`);
  return { prompt, suffix: firstLines(below.join(''), SUFFIX_CHARACTERS), language };
}

/** Behind the indentation, or in front of a later word. */
function columnIn(line: string, random: RandomSource): number {
  const words = [...line.matchAll(/\w+/g)].map(({ index }) => index);
  const columns = [line.length - line.trimStart().length, ...words.slice(1)];
  return columns[Math.floor(random() * columns.length)] ?? 0;
}

/** The end of a text, from the start of a line. */
function lastLines(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.slice(-most);
  return end.slice(end.indexOf('\n') + 1);
}

/** The start of a text, to the end of a line. */
function firstLines(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, text.lastIndexOf('\n', most));
}
