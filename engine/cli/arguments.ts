import { parseArgs, type ParseArgsConfig } from 'node:util';
import { MODE_SETTINGS, type DecodingModeSetting } from '../protocol.ts';

/** Bad input: one line on stderr, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** node:util's parser, with its complaints as usage errors. */
export function parse<T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? firstSentence(error.message) : String(error));
  }
}

export function parseMode(text: string): DecodingModeSetting {
  const mode = MODE_SETTINGS.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw new UsageError(`Unknown mode "${text}": known modes are ${MODE_SETTINGS.join(', ')}.`);
}

/** @param name The option as the user typed it, for the message. */
export function parseCount(
  name: string,
  text: string,
  range: { min: number; max: number },
): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw new UsageError(
    `${name} wants a whole number from ${range.min} to ${range.max}, not "${text}".`,
  );
}

/** `FILE:LINE:COL`, counted from 1. The file's name may itself hold colons. */
export function parseLocation(text: string): {
  readonly file: string;
  readonly line: number;
  readonly column: number;
} {
  const match = /^(.+):(\d+):(\d+)$/s.exec(text);
  const [, file, line, column] = match ?? [];
  if (file === undefined || line === undefined || column === undefined) {
    throw new UsageError(`"${text}" is no FILE:LINE:COL, such as src/app.ts:12:5.`);
  }
  if (Number(line) === 0 || Number(column) === 0)
    throw new UsageError('LINE and COL count from 1.');
  return { file, line: Number(line), column: Number(column) };
}

function firstSentence(message: string): string {
  return /^.*?[.!?](?= |$)/s.exec(message)?.[0] ?? message;
}
