import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { BenchPrompt, BenchReport } from '../protocol.ts';
import { parse, parseCount, parseMode, UsageError } from './arguments.ts';
import { load, orThrow, withEngine } from './with-engine.ts';

const OPTIONS = {
  prompts: { type: 'string' },
  modes: { type: 'string', default: 'plain' },
  'max-tokens': { type: 'string', default: '64' },
  runs: { type: 'string', default: '3' },
  model: { type: 'string' },
  json: { type: 'string' },
} as const;

/** `bench --prompts FILE.jsonl`: every prompt in every mode, interleaved. */
export async function runBenchCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (positionals.length > 0)
    throw new UsageError(`bench does not take "${positionals[0] ?? ''}".`);
  if (values.prompts === undefined) throw new UsageError('bench wants --prompts FILE.jsonl.');
  const request = {
    prompts: await readPrompts(values.prompts),
    modes: values.modes.split(',').map((each) => parseMode(each.trim())),
    maxTokens: parseCount('--max-tokens', values['max-tokens'], { min: 1, max: 4096 }),
    runs: parseCount('--runs', values.runs, { min: 1, max: 1000 }),
  };
  // Asked before the minutes of measuring, not after them.
  if (values.json !== undefined) await write(values.json, '');
  const outcome = await withEngine(async (client) => {
    await load(client, values.model);
    return orThrow(await client.bench(request, new AbortController().signal, showProgress));
  });
  if (outcome.kind === 'cancelled') throw new UsageError('The benchmark was cancelled.');
  if (values.json !== undefined)
    await write(values.json, `${JSON.stringify(outcome.report, null, 2)}\n`);
  console.log(describe(outcome.report));
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

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch(() => {
    throw new UsageError(`${file} cannot be written.`);
  });
}

function showProgress({ done, total }: { done: number; total: number }): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${done} / ${total}${done === total ? '\n' : ''}`);
}

function describe({ device, model, modes }: BenchReport): string {
  const rows = Object.entries(modes).map(([name, mode]) => {
    const { median, low, high } = mode.speedupOverPlain;
    return [
      name.padEnd(12),
      `${mode.tokensPerSecond.median.toFixed(1)} tok/s`,
      `${mode.tokensPerStep.toFixed(2)} tokens/step`,
      `${median.toFixed(2)}x (${low.toFixed(2)}-${high.toFixed(2)})`,
      mode.identicalToPlain ? 'identical' : `${mode.divergences.length} divergences`,
    ].join('  ');
  });
  return [`${model.name} on ${device.name}, ${device.threads} threads`, ...rows].join('\n');
}
