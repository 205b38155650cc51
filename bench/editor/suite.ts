/**
 * Runs inside the extension host: types code like a person and writes down what each keystroke cost
 * the host, and how long ghost text took to come.
 */
import { writeFileSync } from 'node:fs';
import type { Decision } from '../../extension/decision.ts';
import { percentile } from '../../engine/core/metrics/percentiles.ts';
import { closeAll, engineReady, open, placeCursor, type } from '../../test/host/suite/support.ts';

/** A quick typist: 100 words a minute. */
const KEY_INTERVAL_MS = 120;

/** Lines above and below the cursor: a long file, of which a window alone may be read. */
const LINES_AROUND = 2500;

const TYPED = `
function average(values) {
  let total = 0;
  for (const value of values) {
    total += value;
  }
  return total / values.length;
}

export class Stack {
  constructor() {
    this.items = [];
  }

  push(item) {
    this.items.push(item);
  }

  pop() {
    return this.items.pop();
  }
}
`;

export async function run(): Promise<void> {
  const output = process.env['FORETOKEN_HOST_RESULTS'];
  if (output === undefined) throw new Error('FORETOKEN_HOST_RESULTS names no file.');
  const around = 'const item = { name: "item", price: 100, tags: ["a", "b"] };\n'.repeat(
    LINES_AROUND,
  );
  const editor = await open(`${around}\n\n${around}`, 'javascript');
  placeCursor(editor, around.length + 1);
  const api = await engineReady();
  const decisions = new Map<number, Decision>();
  const workBefore = api.hostWorkSamplesMs.length;
  for (const key of TYPED) {
    await type(key);
    await new Promise((resolve) => setTimeout(resolve, KEY_INTERVAL_MS));
    for (const each of api.decisions) decisions.set(each.id, each);
  }
  const work = api.hostWorkSamplesMs.slice(workBefore);
  const all = [...decisions.values()];
  const shown = all.filter((each) => each.outcome.kind === 'shown');
  const report = {
    keystrokes: TYPED.length,
    documentLines: 2 * LINES_AROUND,
    keyIntervalMs: KEY_INTERVAL_MS,
    hostWorkMs: spread(work),
    /** From the editor's call to the answer, the debounce included. */
    keystrokeToGhostTextMs: spread(shown.map((each) => each.totalMs)),
    debounceMs: spread(shown.map((each) => each.debounceMs)),
    outcomes: countOutcomes(all),
  };
  writeFileSync(output, JSON.stringify(report, null, 2));
  await closeAll();
}

function spread(values: readonly number[]) {
  const at = (percent: number): number =>
    Math.round((percentile(values, percent) ?? 0) * 100) / 100;
  return { count: values.length, p50: at(50), p95: at(95), max: at(100) };
}

function countOutcomes(decisions: readonly Decision[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome } of decisions) {
    const name = outcome.kind === 'shown' ? `shown, ${outcome.source}` : outcome.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
