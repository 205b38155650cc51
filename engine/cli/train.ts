import { existsSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_EXCLUDE } from '../prompt-tokens/texts/default-exclude.ts';
import {
  DEFAULT_TRAINING,
  type GuessShares,
  type TrainingProgress,
  type TrainingReport,
} from '../protocol.ts';
import { parse, parseCount, UsageError } from './arguments.ts';
import { load, orThrow, withEngine } from './with-engine.ts';

const OPTIONS = {
  model: { type: 'string' },
  'prompt-tokens': { type: 'string' },
  ensemble: { type: 'string' },
  steps: { type: 'string' },
  minutes: { type: 'string' },
  out: { type: 'string' },
  resume: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** `train [PATH...]`: prompt tokens for a model, from text of the user's. */
export async function runTrain(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  const { promptTokens, ensemble } = DEFAULT_TRAINING;
  const count = (name: 'prompt-tokens' | 'ensemble' | 'steps', most: number): number | null => {
    const text = values[name];
    return text === undefined ? null : parseCount(`--${name}`, text, { min: 1, max: most });
  };
  const length = { steps: count('steps', 1_000_000), minutes: parseMinutes(values.minutes) };
  const request = {
    paths: positionals.map((each) => path.resolve(each)),
    exclude: DEFAULT_EXCLUDE,
    promptTokens: count('prompt-tokens', 16) ?? promptTokens,
    ensemble: count('ensemble', 64) ?? ensemble,
    ...(length.steps === null && length.minutes === null ? DEFAULT_TRAINING.length : length),
    resume: values.resume ?? false,
    out: values.out === undefined ? null : path.resolve(values.out),
  };
  const missing = request.paths.find((each) => !existsSync(each));
  if (missing !== undefined) throw new UsageError(`There is no file or folder ${missing}.`);
  const interrupt = new AbortController();
  // The first Ctrl+C keeps what has been learnt; the second ends the process as usual.
  process.once('SIGINT', () => {
    interrupt.abort();
  });
  const outcome = await withEngine(async (client) => {
    await load(client, values.model);
    return orThrow(await client.trainPromptTokens(request, interrupt.signal, showProgress));
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  if (outcome.kind === 'cancelled') throw new UsageError(whenCancelled(outcome));
  console.log(values.json === true ? JSON.stringify(outcome.report) : describe(outcome.report));
}

function parseMinutes(text: string | undefined): number | null {
  if (text === undefined) return null;
  const minutes = Number(text);
  if (minutes > 0 && Number.isFinite(minutes)) return minutes;
  throw new UsageError(`--minutes wants a number over 0, not "${text}".`);
}

function whenCancelled({
  checkpoint,
  steps,
}: {
  checkpoint: string | null;
  steps: number;
}): string {
  if (checkpoint === null) return 'Cancelled before anything was learnt.';
  return `Cancelled after ${steps} steps. To go on from there, add --resume to the same command.`;
}

function showProgress({ phase, fraction, steps, ...rest }: TrainingProgress): void {
  if (!process.stderr.isTTY) return;
  const parts = [
    `${phase} ${Math.floor(100 * fraction)} %`,
    `step ${steps}`,
    ...(rest.loss.length === 0
      ? []
      : [`loss ${rest.loss.map((each) => each.toFixed(2)).join(' ')}`]),
    ...(rest.guesses === null ? [] : [`top-10 ${percents(rest.guesses.top10)}`]),
    ...(rest.secondsLeft === null ? [] : [`${timeOf(rest.secondsLeft)} left`]),
  ];
  process.stderr.write(`\r\u001b[K${parts.join('  ')}`);
}

function describe(report: TrainingReport): string {
  const { path: file, model, steps, seconds, positions, trained, untrained } = report;
  const distances = report.lossByDistance.map((_, index) => `d${index + 1}`).join(' / ');
  const row = (name: string, { top1, top5, top10 }: GuessShares): string =>
    `${name.padEnd(9)}  top-1 ${percents(top1)}  top-5 ${percents(top5)}  top-10 ${percents(top10)}`;
  return [
    `${model}: ${steps} steps in ${timeOf(seconds)}, loss ${report.lossByDistance.map((each) => each.toFixed(3)).join(' / ')}`,
    `right guesses in %, ${distances}, at ${positions} held-out places`,
    row('trained', trained),
    row('untrained', untrained),
    file,
  ].join('\n');
}

function percents(values: readonly number[]): string {
  return values.map((each) => (100 * each).toFixed(1)).join(' / ');
}

function timeOf(seconds: number): string {
  return seconds < 100 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`;
}
