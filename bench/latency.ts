/**
 * `npm run bench:latency`: time from a keystroke to ghost text, beside node-llama-cpp's own
 * completion on the same model, libraries, threads and prompts. The two take turns at every single
 * request, so whatever else the machine does falls on both alike.
 *
 * From an empty cache both run in this process, like with like. For typing, Foretoken is measured as
 * the editor uses it, in its own process and over its protocol; node-llama-cpp is spared that detour.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  median,
  percentile,
  ratioWithInterval,
  seededRandom,
} from '../engine/core/metrics/percentiles.ts';
import { DEFAULT_CONFIGURATION } from '../engine/protocol.ts';
import type { CompletionTask, Contender, Measurement } from './lib/contender.ts';
import { Foretoken } from './lib/foretoken.ts';
import { describeMachine, residentMiB } from './lib/machine.ts';
import { NodeLlamaCpp } from './lib/node-llama-cpp.ts';
import { ForetokenSession } from './lib/session.ts';
import { keystrokes, openings, writing } from './lib/texts.ts';

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3);
/** Of a shorter text the pass that finds its end would be a large part of the rate. */
const MIN_DECODED_TOKENS = 16;

const OUT = path.resolve(import.meta.dirname, 'results', 'latency.json');

type Pair = readonly [ours: Measurement, theirs: Measurement];

async function main(): Promise<void> {
  const machine = describeMachine();
  const configuration = { ...DEFAULT_CONFIGURATION, gpu: 'cpu' } as const;
  const ours = await Foretoken.start(configuration);
  const { model, device } = ours.ready;
  const theirs = await NodeLlamaCpp.start({
    modelPath: model.path,
    threads: device.threads,
    contextSize: model.contextLength,
    plainWithoutSuffix: true,
  });
  const idleMiB = residentMiB(ours.pid);

  const session = await ForetokenSession.start(configuration);
  const cold = await takeTurns(openings(2, 64), [session, theirs], true);
  await session.dispose();
  const typing = await takeTurns(keystrokes(5, 16), [ours, theirs], false);
  const written = await takeTurns(writing(16), [ours, theirs], false);
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine,
    model: { name: model.name, parameters: model.parameterCount, sizeBytes: model.sizeBytes },
    device,
    runs: RUNS,
    fromEmptyCache: summarise(cold),
    typing: summarise(typing),
    writing: summarise(written),
    engineMemoryMiB: { idle: idleMiB, afterRun: residentMiB(ours.pid) },
  };
  await ours.dispose();
  await theirs.dispose();
  writeFileSync(OUT, `${JSON.stringify(report, null, 2)}\n`);
  console.log(JSON.stringify(report, null, 2));
}

async function takeTurns(
  tasks: readonly CompletionTask[],
  [ours, theirs]: readonly [Contender, Contender],
  cold: boolean,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  const complete = async (contender: Contender, task: CompletionTask): Promise<Measurement> => {
    if (cold) await contender.reset();
    return contender.complete(task);
  };
  for (let run = -1; run < RUNS; run += 1) {
    for (const task of run < 0 ? tasks.slice(0, 5) : tasks) {
      const oursFirst = pairs.length % 2 === 0;
      const first = await complete(oursFirst ? ours : theirs, task);
      const second = await complete(oursFirst ? theirs : ours, task);
      // The first round warms up.
      if (run >= 0) pairs.push(oursFirst ? [first, second] : [second, first]);
    }
  }
  return pairs;
}

function summarise(pairs: readonly Pair[]) {
  return {
    requests: pairs.length,
    foretoken: describe(pairs.map(([ours]) => ours)),
    nodeLlamaCpp: describe(pairs.map(([, theirs]) => theirs)),
    // Theirs / ours: over 1 we are faster. Ratios of sums with their 95 % intervals.
    speedup: {
      firstToken: ratio(pairs, (each) => each.firstTokenMs),
      /** In typing the texts differ in length: ours are longer. */
      total: ratio(pairs, (each) => each.totalMs),
      decodePerToken: ratio(
        pairs.filter((pair) => pair.every((each) => each.tokens >= MIN_DECODED_TOKENS)),
        decodeMsPerToken,
      ),
    },
  };
}

function describe(all: readonly Measurement[]) {
  const decoded = all.filter((each) => each.tokens >= MIN_DECODED_TOKENS);
  const perToken = median(decoded.map(decodeMsPerToken));
  const prefilled = all.filter((each) => each.evaluatedTokens > 16);
  return {
    firstTokenMs: spread(all.map((each) => each.firstTokenMs)),
    totalMs: spread(all.map((each) => each.totalMs)),
    tokensPerRequest: round(mean(all.map((each) => each.tokens))),
    evaluatedTokensPerRequest: round(mean(all.map((each) => each.evaluatedTokens))),
    decodeTokensPerSecond: perToken === null ? null : round(1000 / perToken),
    prefillTokensPerSecond: round(
      median(prefilled.map((each) => (1000 * each.evaluatedTokens) / each.firstTokenMs)) ?? 0,
    ),
  };
}

function decodeMsPerToken({ totalMs, firstTokenMs, decodedTokens }: Measurement): number {
  return (totalMs - firstTokenMs) / Math.max(1, decodedTokens);
}

function ratio(pairs: readonly Pair[], of: (each: Measurement) => number) {
  const samples = pairs.map(([ours, theirs]) => ({ numerator: of(theirs), denominator: of(ours) }));
  const estimate = ratioWithInterval(samples, { random: seededRandom(1) });
  if (estimate === null) return null;
  const { low, high } = estimate;
  return { ratio: round(estimate.ratio), low: round(low), high: round(high) };
}

function spread(values: readonly number[]) {
  return { p50: round(percentile(values, 50) ?? 0), p95: round(percentile(values, 95) ?? 0) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

await main();
