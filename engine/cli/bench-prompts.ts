import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { BUILT_IN_PROMPTS } from '../core/bench/built-in-prompts.ts';
import { cutPrompts } from '../core/bench/cut-prompts.ts';
import type { BenchPrompt } from '../protocol.ts';
import { UsageError } from './arguments.ts';
import { readSources } from './read-sources.ts';

export interface PromptOptions {
  /** A file of prompts. */
  readonly file: string | undefined;
  /** A folder to cut prompts from. */
  readonly folder: string | undefined;
  /** Prompts at most. */
  readonly limit: number | undefined;
  readonly seed: number;
}

/** Prompts cut from a folder unless told how many. */
const CUT_COUNT = 24;

/** The prompts of a file, those cut from a folder, or the built-in ones. */
export async function choosePrompts(options: PromptOptions): Promise<readonly BenchPrompt[]> {
  const { file, folder, limit, seed } = options;
  if (file !== undefined && folder !== undefined) {
    throw new UsageError('Give --prompts or --workspace, not both.');
  }
  if (folder !== undefined) return cutFrom(folder, { count: limit ?? CUT_COUNT, seed });
  const prompts = file === undefined ? BUILT_IN_PROMPTS : await readPrompts(file);
  return prompts.slice(0, limit);
}

async function cutFrom(
  folder: string,
  options: { readonly count: number; readonly seed: number },
): Promise<readonly BenchPrompt[]> {
  const prompts = cutPrompts(await readSources(folder, options.seed), options);
  if (prompts.length > 0) return prompts;
  throw new UsageError(`There is no source code in ${folder} to cut prompts from.`);
}

async function readPrompts(file: string): Promise<readonly BenchPrompt[]> {
  const bytes = await readFile(file).catch(() => {
    throw new UsageError(`There is no readable file ${file}.`);
  });
  const lines = unzip(file, bytes).toString('utf8').split('\n');
  const prompts = lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [parsePrompt(line, `${file}:${index + 1}`)],
  );
  if (prompts.length === 0) throw new UsageError(`${file} holds no prompts.`);
  return prompts;
}

function unzip(file: string, bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    throw new UsageError(`${file} is a damaged gzip file.`);
  }
}

function parsePrompt(line: string, place: string): BenchPrompt {
  const row = parseJson(line, place);
  if (typeof row !== 'object' || row === null || !('prompt' in row)) {
    throw new UsageError(`${place} has no "prompt".`);
  }
  const { prompt } = row;
  const suffix = 'suffix' in row ? row.suffix : undefined;
  const language = 'language' in row ? row.language : undefined;
  if (typeof prompt !== 'string' || !isOptionalText(suffix) || !isOptionalText(language)) {
    throw new UsageError(`${place}: "prompt", "suffix" and "language" must be text.`);
  }
  return { prompt, ...(suffix !== undefined && { suffix }), ...(language && { language }) };
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function parseJson(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new UsageError(`${place} is no JSON.`);
  }
}
