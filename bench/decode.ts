/**
 * `npm run bench:decode [-- --prompts FILE.jsonl[.gz] ... --threads 1,2 --runs R]`: every decoding mode
 * beside plain decoding, the modes taking turns, on the built-in prompts and on files of further ones
 * (each row has `prompt`, and may have `suffix` and `language`). Also fixed trees of growing size,
 * predicted and measured, and what prompt tokens cost in parameters and memory.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { choosePrompts } from '../engine/cli/bench-prompts.ts';
import type { PromptTokens } from '../engine/prompt-tokens/prompt-tokens.ts';
import type { BenchPrompt, DecodingModeSetting, EngineConfiguration } from '../engine/protocol.ts';
import { startEngine, type EngineRun } from './lib/decode/engine-run.ts';
import { promptTokenFacts, promptTokensOf } from './lib/decode/prompt-token-facts.ts';
import { compareSizes } from './lib/decode/sizes.ts';
import { decodeTable } from './lib/decode/table.ts';
import { describeMachine } from './lib/machine.ts';
import { openModel } from './lib/open-model.ts';

const OUT = path.resolve(import.meta.dirname, 'results', 'decode.json');
/** Prompts that the sizes are compared on. */
const SIZE_PROMPTS = 16;

const { values } = parseArgs({
  options: {
    prompts: { type: 'string', multiple: true, default: [] },
    limit: { type: 'string' },
    threads: { type: 'string', default: '1,2' },
    runs: { type: 'string', default: '3' },
    'max-tokens': { type: 'string', default: '64' },
    model: { type: 'string' },
    gpu: { type: 'string', default: 'cpu' },
    out: { type: 'string', default: OUT },
  },
});

interface PromptSet {
  readonly name: string;
  readonly prompts: readonly BenchPrompt[];
}

const run = { maxTokens: Number(values['max-tokens']), runs: Number(values.runs) };

async function promptSets(): Promise<readonly PromptSet[]> {
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  const read = (file?: string) => choosePrompts({ file, folder: undefined, limit, seed: 1 });
  const sets: PromptSet[] = [{ name: 'built-in', prompts: await read() }];
  for (const file of values.prompts) {
    sets.push({
      name: path.basename(file).replace(/\.jsonl(\.gz)?$/, ''),
      prompts: await read(file),
    });
  }
  return sets;
}

/**
 * Modes that grow trees on the target have an engine of their own, with its own plain decoding: the
 * first tree moves a small model's text to a cache in which every pass costs more (docs/ARCHITECTURE.md).
 */
const TREE_MODES: readonly DecodingModeSetting[] = [
  'ppd-paper',
  'ppd-static',
  'ppd-adaptive',
  'ppd-ngram',
];

async function measure(threads: number, sets: readonly PromptSet[]) {
  const measured = [];
  for (const withTrees of [false, true]) {
    const engine = await startEngine(configurationFor(threads));
    try {
      const modes = availableModes(engine).filter(
        (mode) => TREE_MODES.includes(mode) === withTrees,
      );
      for (const set of sets) measured.push(await measureSet(engine, set, modes));
    } finally {
      await engine.dispose();
    }
  }
  return { threads, sets: measured };
}

async function measureSet(
  engine: EngineRun,
  { name, prompts }: PromptSet,
  wanted: readonly DecodingModeSetting[],
) {
  const { modes, passLatency, peakMemoryBytes } = await engine.bench({
    ...run,
    prompts,
    modes: wanted,
  });
  console.log(`\n${name}, ${prompts.length} prompts, ${engine.ready.device.threads} threads:\n`);
  console.log(decodeTable(modes));
  return { set: name, prompts: prompts.length, modes, passLatency, peakMemoryBytes };
}

function availableModes({ ready }: EngineRun): readonly DecodingModeSetting[] {
  for (const { mode, unsupportedReason } of ready.modes) {
    if (unsupportedReason !== null) console.log(`Without ${mode}: ${unsupportedReason}`);
  }
  const modes = ready.modes.filter((each) => each.unsupportedReason === null);
  return [...modes.map(({ mode }) => mode), 'auto'];
}

/** Trees of growing size, decoded in this process; on the CPU, where most of them cost more than they bring. */
async function measureSizes(file: string, prompts: readonly BenchPrompt[], tokens: PromptTokens) {
  const model = await openModel(file);
  const sizes = await compareSizes(model, prompts, tokens, {
    maxTokens: run.maxTokens,
    threads: 1,
  });
  await model.dispose();
  return sizes;
}

/** Largest resident set of a process that decodes plainly, and of one that uses prompt tokens. */
async function comparePeaks(prompts: readonly BenchPrompt[]) {
  const peak = async (mode: DecodingModeSetting): Promise<number> => {
    const engine = await startEngine(configurationFor(1));
    const few = { prompts: prompts.slice(0, 4), maxTokens: run.maxTokens, runs: 1 };
    const { peakMemoryBytes } = await engine.bench({ ...few, modes: [mode] });
    await engine.dispose();
    return peakMemoryBytes;
  };
  return { plain: await peak('plain'), promptTokens: await peak('ppd-static') };
}

function configurationFor(threads: number): Partial<EngineConfiguration> {
  const gpu = values.gpu as EngineConfiguration['gpu'];
  return { gpu, threads, model: values.model ?? null };
}

async function main(): Promise<void> {
  const machine = describeMachine();
  const sets = await promptSets();
  const runs = [];
  for (const threads of values.threads.split(',').map(Number))
    runs.push(await measure(threads, sets));

  const engine = await startEngine(configurationFor(1));
  const { model, device } = engine.ready;
  const { version, llamaCpp } = (
    await engine.bench({ ...run, runs: 1, prompts: sets[0]?.prompts.slice(0, 1) ?? [], modes: [] })
  ).settings;
  const promptTokens = await promptTokensOf(model);
  const few = sets[0]?.prompts.slice(0, SIZE_PROMPTS) ?? [];
  await engine.dispose();
  const sizes = promptTokens === null ? null : await measureSizes(model.path, few, promptTokens);
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine,
    versions: { foretoken: version, llamaCpp },
    device,
    model: { name: model.name, parameters: model.parameterCount, sizeBytes: model.sizeBytes },
    ...run,
    promptTokens: promptTokens === null ? null : promptTokenFacts(promptTokens, model),
    peakMemoryBytes: promptTokens === null ? null : await comparePeaks(few),
    sizes,
    runs,
  };
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
}

await main();
