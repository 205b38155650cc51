import { writeFile } from 'node:fs/promises';
import type { Interval } from '../core/bench/sample.ts';
import type { BenchReport } from '../protocol.ts';
import { parse, parseCount, parseMode, UsageError } from './arguments.ts';
import { choosePrompts } from './bench-prompts.ts';
import { load, orThrow, withEngine } from './with-engine.ts';

const OPTIONS = {
  prompts: { type: 'string' },
  workspace: { type: 'string' },
  limit: { type: 'string' },
  seed: { type: 'string', default: '1' },
  modes: { type: 'string', default: 'plain' },
  'max-tokens': { type: 'string', default: '64' },
  runs: { type: 'string', default: '3' },
  model: { type: 'string' },
  draft: { type: 'string' },
  json: { type: 'string' },
} as const;

const COUNT = { min: 1, max: 10_000 };

/** `bench`: every prompt in every mode, interleaved. */
export async function runBenchCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (positionals.length > 0)
    throw new UsageError(`bench does not take "${positionals[0] ?? ''}".`);
  const request = {
    prompts: await choosePrompts({
      file: values.prompts,
      folder: values.workspace,
      limit: values.limit === undefined ? undefined : parseCount('--limit', values.limit, COUNT),
      seed: parseCount('--seed', values.seed, { min: 0, max: 2 ** 31 - 3 }),
    }),
    modes: values.modes.split(',').map((each) => parseMode(each.trim())),
    maxTokens: parseCount('--max-tokens', values['max-tokens'], { min: 1, max: 4096 }),
    runs: parseCount('--runs', values.runs, { min: 1, max: 1000 }),
  };
  // Asked before the minutes of measuring, not after them.
  if (values.json !== undefined) await write(values.json, '');
  const outcome = await withEngine(async (client) => {
    await load(client, values.model, values.draft);
    return orThrow(await client.bench(request, new AbortController().signal, showProgress));
  });
  if (outcome.kind === 'cancelled') throw new UsageError('The benchmark was cancelled.');
  if (values.json !== undefined)
    await write(values.json, `${JSON.stringify(outcome.report, null, 2)}\n`);
  console.log(describe(outcome.report));
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
    return [
      name.padEnd(12),
      `${mode.tokensPerSecond.median.toFixed(1)} tok/s`,
      `${mode.tokensPerStep.toFixed(2)} tokens/step`,
      `first line ${mode.latencyMs.firstLine.p50.toFixed(0)} ms`,
      timesText(mode.speedupOverPlain),
      `in all ${timesText(mode.totalSpeedup)}`,
      mode.identicalToPlain ? 'identical' : `${mode.divergences.length} divergences`,
    ].join('  ');
  });
  return [`${model.name} on ${device.name}, ${device.threads} threads`, ...rows].join('\n');
}

function timesText(speedup: Interval | undefined): string {
  if (speedup === undefined) return '-';
  const { median, low, high } = speedup;
  return `${median.toFixed(2)}x (${low.toFixed(2)}-${high.toFixed(2)})`;
}
