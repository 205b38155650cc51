/**
 * `npm run bench:pass`: L(n), the time of one forward pass over n rows of a tree, keeping included,
 * for the embedded model. It decides which trees pay (docs/TERMS.md). Low percentiles count: load
 * only ever adds.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { median, percentile } from '../engine/core/metrics/percentiles.ts';
import { tokenTree, type TokenTree } from '../engine/core/tree/candidate-tree.ts';
import { layoutTree } from '../engine/core/tree/layout-tree.ts';
import { EMBEDDED_MODELS } from '../engine/models/resolve.ts';
import { attentionOptions } from '../engine/native/attention-options.ts';
import { NativeTreeDecoder } from '../engine/native/native-tree-decoder.ts';
import { describeMachine } from './lib/machine.ts';
import { openModel } from './lib/open-model.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'bench', 'results', 'pass.json');
const LENGTHS = [1, 2, 3, 4, 6, 8, 12, 16];
const PREFIX_TOKENS = 512;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 60);
const REPEATS = 6;

/** A chain is what n-grams propose, a star what the guesses for one distance do. */
const TREES: Readonly<Record<string, (length: number) => TokenTree>> = {
  chain: (length) => build(length, (index) => index - 1),
  star: (length) => build(length, (index) => (index === 0 ? -1 : 0)),
};

function build(length: number, parentOf: (index: number) => number): TokenTree {
  return tokenTree(
    Array.from({ length }, (_, index) => ({
      parent: parentOf(index),
      label: 300 + index,
      prompts: 0,
    })),
  );
}

async function main(): Promise<void> {
  const [{ file }] = EMBEDDED_MODELS;
  const model = await openModel(path.join(ROOT, 'models', file));
  const passes: Record<string, unknown>[] = [];
  for (const threads of [1, 2]) {
    const context = await model.createContext({
      contextLength: 4096,
      batchSize: 256,
      outputRows: 16,
      threads,
      batchThreads: threads,
      sequences: 16,
      ...attentionOptions(false),
    });
    const decoder = new NativeTreeDecoder(context);
    const prefix = Array.from({ length: PREFIX_TOKENS }, (_, index) => 300 + ((index * 7) % 900));
    await decoder.prefill(prefix, () => false);
    passes.push(...(await measure(decoder, threads)));
    await context.dispose();
  }
  const report = { machine: describeMachine(), model: file, prefix: PREFIX_TOKENS, passes };
  writeFileSync(OUT, `${JSON.stringify(report, null, 2)}\n`);
  await model.dispose();
}

async function measure(decoder: NativeTreeDecoder, threads: number) {
  const cases = Object.entries(TREES).flatMap(([shape, treeOf]) =>
    LENGTHS.filter((rows) => shape === 'chain' || rows > 2).map((rows) => ({
      shape,
      rows,
      layout: layoutTree(treeOf(rows), { ensemble: 1 }),
      milliseconds: [] as number[],
    })),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { layout, milliseconds } of cases) {
      // In a row, as steps of one size come: the first finds the caches full of another's data and
      // builds the graph of this shape.
      for (let repeat = 0; repeat <= REPEATS; repeat += 1) {
        const started = performance.now();
        await decoder.forward(layout);
        decoder.keep([0]);
        if (repeat > 0) milliseconds.push(performance.now() - started);
        decoder.truncate(PREFIX_TOKENS);
      }
    }
  }
  const lowest = (milliseconds: readonly number[]) => percentile(milliseconds, 10) ?? NaN;
  const base = lowest(cases[0]?.milliseconds ?? []);
  return cases.map(({ shape, rows, milliseconds }) => {
    const p10 = lowest(milliseconds);
    const row = { threads, shape, rows, p10, median: median(milliseconds), ratio: p10 / base };
    console.log(
      `${threads} threads, ${shape} of ${rows}: ${p10.toFixed(3)} ms, ${row.ratio.toFixed(2)} x`,
    );
    return row;
  });
}

await main();
