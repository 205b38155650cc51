/**
 * `npm run bench:pass`: L(n), the time of one forward pass over n rows of a tree, keeping included,
 * for the embedded model with F16 and with Q8_0 keys. It decides which trees pay (docs/TERMS.md). Low
 * percentiles count: load only ever adds.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { median, percentile } from '../engine/core/metrics/percentiles.ts';
import { tokenTree, type TokenTree } from '../engine/core/tree/candidate-tree.ts';
import { at } from '../engine/core/tree/at.ts';
import { layoutTree, type TreeLayout } from '../engine/core/tree/layout-tree.ts';
import { EMBEDDED_MODELS } from '../engine/models/resolve.ts';
import type { NativeContext, NativeModel } from '../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../engine/native/native-tree-decoder.ts';
import { compareBatchShapes, KEY_TYPES, type KeyType } from './lib/batch-shapes.ts';
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
  const passes: PassRow[] = [];
  for (const threads of [1, 2]) passes.push(...(await measure(model, threads)));
  const shapes = await compareBatchShapes(model, ROOT);
  for (const { keyType, lengths, rows, otherChoice } of shapes) {
    console.log(
      `${keyType} keys: ${otherChoice} of ${rows} rows choose otherwise in batches of ${lengths.join(' and ')}`,
    );
  }
  const report = { machine: describeMachine(), model: file, prefix: PREFIX_TOKENS, passes, shapes };
  writeFileSync(OUT, `${JSON.stringify(report, null, 2)}\n`);
  await model.dispose();
}

interface PassRow {
  readonly threads: number;
  readonly keyType: KeyType;
  readonly shape: string;
  readonly rows: number;
  readonly p10: number;
  readonly median: number | null;
  /** To one row with the same keys. */
  readonly ratio: number;
  /** To the same pass over F16 keys. */
  readonly ratioToF16: number;
}

/** All keys and shapes take turns. */
async function measure(model: NativeModel, threads: number): Promise<PassRow[]> {
  const contexts = await Promise.all(
    KEY_TYPES.map((keyType) =>
      model.createContext({
        contextLength: 4096,
        batchSize: 256,
        outputRows: 16,
        threads,
        batchThreads: threads,
        sequences: 16,
        flashAttention: false,
        keyType,
      }),
    ),
  );
  const cases = KEY_TYPES.flatMap((keyType, index) => casesOf(keyType, at(contexts, index)));
  const prefix = Array.from({ length: PREFIX_TOKENS }, (_, index) => 300 + ((index * 7) % 900));
  for (const decoder of new Set(cases.map((each) => each.decoder))) {
    await decoder.prefill(prefix, () => false);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const each of cases) await repeat(each);
  }
  await Promise.all(contexts.map((context) => context.dispose()));
  return cases.map((each) => describe(each, cases, threads));
}

interface Case {
  readonly keyType: KeyType;
  readonly decoder: NativeTreeDecoder;
  readonly shape: string;
  readonly rows: number;
  readonly layout: TreeLayout;
  readonly milliseconds: number[];
}

function casesOf(keyType: KeyType, context: NativeContext): readonly Case[] {
  const decoder = new NativeTreeDecoder(context);
  return Object.entries(TREES).flatMap(([shape, treeOf]) =>
    LENGTHS.filter((rows) => shape === 'chain' || rows > 2).map((rows) => ({
      keyType,
      decoder,
      shape,
      rows,
      layout: layoutTree(treeOf(rows), { ensemble: 1 }),
      milliseconds: [],
    })),
  );
}

/**
 * In a row, as steps of one size come: the first finds the caches full of another's data and builds
 * the graph of this shape.
 */
async function repeat({ decoder, layout, milliseconds }: Case): Promise<void> {
  for (let pass = 0; pass <= REPEATS; pass += 1) {
    const started = performance.now();
    await decoder.forward(layout);
    decoder.keep([0]);
    if (pass > 0) milliseconds.push(performance.now() - started);
    decoder.truncate(PREFIX_TOKENS);
  }
}

function describe(each: Case, cases: readonly Case[], threads: number): PassRow {
  const lowest = (other: Partial<Case>): number => {
    const wanted = { keyType: each.keyType, shape: each.shape, rows: each.rows, ...other };
    const found = cases.find(
      ({ keyType, shape, rows }) =>
        keyType === wanted.keyType && shape === wanted.shape && rows === wanted.rows,
    );
    return percentile(found?.milliseconds ?? [], 10) ?? NaN;
  };
  const { keyType, shape, rows, milliseconds } = each;
  const p10 = lowest({});
  const ratio = p10 / lowest({ shape: 'chain', rows: 1 });
  const ratioToF16 = p10 / lowest({ keyType: 'f16' });
  console.log(
    `${threads} threads, ${keyType} keys, ${shape} of ${rows}: ${p10.toFixed(3)} ms, ${ratio.toFixed(2)} x one row, ${ratioToF16.toFixed(2)} x F16 keys`,
  );
  return { threads, keyType, shape, rows, p10, median: median(milliseconds), ratio, ratioToF16 };
}

await main();
