/**
 * `npx tsx bench/gpu/merge.ts FOLDER [OUT]`: the pieces of a run as one result (bench/results/gpu.json), with
 * the trees that the optimiser would choose for each L(n) measured, what the engine's own tuning came
 * to, and tables of both.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PAPER_ACCURACIES, planFor, type CurvePoint } from './lib/plans.ts';
import { readPieces } from './lib/pieces.ts';
import { concludeTuning, isTuningPiece, tuningTable } from './lib/tuned.ts';

const [folder, out = path.resolve(import.meta.dirname, '../results/gpu.json')] =
  process.argv.slice(2);
if (folder === undefined) throw new Error('merge.ts wants the folder with the pieces.');

interface PassesPiece {
  readonly tokens?: readonly CurvePoint[];
}

const pieces = readPieces(folder);
const plans = Object.fromEntries(
  Object.entries(pieces).flatMap(([name, piece]) => {
    const { tokens } = piece as PassesPiece;
    if (tokens === undefined) return [];
    return [[name, { ratios: ratios(tokens), paperAccuracies: planFor(tokens, PAPER_ACCURACIES) }]];
  }),
);
const tuned = Object.fromEntries(
  Object.entries(pieces).flatMap(([name, piece]) =>
    isTuningPiece(piece) ? [[name, concludeTuning(piece)]] : [],
  ),
);
writeFileSync(out, `${JSON.stringify({ pieces, plans, tuned }, null, 1)}\n`);
console.log(
  '| model | L(1), ms | L(8) / L(1) | L(16) / L(1) | L(64) / L(1) | best tree, rows | speed-up at the accuracies of the paper |',
);
console.log('| --- | --: | --: | --: | --: | --: | --: |');
for (const [name, { ratios: ratio, paperAccuracies: plan }] of Object.entries(plans)) {
  const cells = [1, 8, 16, 64].map((rows) => ratio.find((each) => each.rows === rows));
  const [one, ...others] = cells;
  const figures = [
    one?.median,
    ...others.map((each) => each?.ratio),
    plan?.lengths.at(-1),
    plan?.speedup,
  ];
  console.log(`| ${[name, ...figures.map((each) => each?.toFixed(2) ?? '')].join(' | ')} |`);
}
if (Object.keys(tuned).length > 0) console.log(`\n${tuningTable(tuned)}`);

function ratios(curve: readonly CurvePoint[]) {
  const base = curve.find(({ rows }) => rows === 1)?.median ?? NaN;
  return curve.map(({ rows, median }) => ({ rows, median, ratio: (median ?? NaN) / base }));
}
