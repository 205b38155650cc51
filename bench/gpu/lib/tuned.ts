import type { TuningChoice, TuningRow } from '../../../engine/core/tuning/tuning-table.ts';
import { PAPER_ACCURACIES, planFor } from './plans.ts';

/** A piece of the phase `tuning`, as far as conclusions are drawn from it. */
export interface TuningPiece {
  readonly tuning: {
    readonly plainMs: number;
    readonly quiet: boolean;
    readonly table: readonly TuningRow[];
    readonly choice: TuningChoice;
  };
  readonly auto: readonly {
    readonly tokens: number;
    readonly mode: string;
    readonly decodeMs: number;
    readonly plainDecodeMs: number;
  }[];
}

export function isTuningPiece(piece: unknown): piece is TuningPiece {
  return typeof piece === 'object' && piece !== null && 'tuning' in piece && 'auto' in piece;
}

/** What the tuner chose, beside what it would choose for the paper's prompt tokens, and what `auto` did. */
export function concludeTuning({ tuning, auto }: TuningPiece) {
  const { plainMs, quiet, table, choice } = tuning;
  const curve = (ms: (row: TuningRow) => number | null) =>
    table.map((row) => ({ rows: row.rows, median: ms(row) }));
  const passes = curve(({ treeMs, chainMs }) => treeMs ?? chainMs);
  const sum = (of: (sample: TuningPiece['auto'][number]) => number): number =>
    auto.reduce((total, sample) => total + of(sample), 0);
  const paper = planFor(passes, PAPER_ACCURACIES, plainMs);
  return {
    plainMs,
    quiet,
    chosen: choice,
    /** Null = none pays: a tree of one row is plain decoding. */
    paperAccuracies: (paper?.lengths.at(-1) ?? 1) > 1 ? paper : null,
    autoSpeedup: sum(({ plainDecodeMs }) => plainDecodeMs) / sum(({ decodeMs }) => decodeMs),
    /** Of the tokens; a completion counts for the mode that brought most of its own. */
    autoShares: sharesOf(auto),
    /** The same, of the last third: when `auto` has seen enough. */
    lateAutoShares: sharesOf(auto.slice(Math.floor((2 * auto.length) / 3))),
  };
}

function sharesOf(samples: TuningPiece['auto']): Readonly<Record<string, number>> {
  const tokens = new Map<string, number>();
  let total = 0;
  for (const sample of samples) {
    tokens.set(sample.mode, (tokens.get(sample.mode) ?? 0) + sample.tokens);
    total += sample.tokens;
  }
  return Object.fromEntries([...tokens].map(([mode, count]) => [mode, count / total]));
}

export function tuningTable(tuned: Readonly<Record<string, ReturnType<typeof concludeTuning>>>) {
  const head =
    '| model | plain step, ms | quiet | tuner: mode, rows | promised | the same at the accuracies of the paper: rows | promised | auto over plain | auto used, last third |';
  const lines = Object.entries(tuned).map(([name, each]) => {
    const { chosen, paperAccuracies: paper } = each;
    const shares = Object.entries(each.lateAutoShares)
      .toSorted(([, a], [, b]) => b - a)
      .map(([mode, share]) => `${mode} ${Math.round(100 * share)} %`);
    const cells = [
      name,
      each.plainMs.toFixed(2),
      each.quiet ? 'yes' : 'no',
      `${chosen.mode}, ${chosen.rows}`,
      chosen.speedup.toFixed(2),
      paper?.lengths.at(-1) ?? 1,
      paper?.speedup.toFixed(2) ?? '1.00',
      each.autoSpeedup.toFixed(2),
      shares.join(', '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [head, '| --- | --: | --- | --- | --: | --: | --: | --: | --- |', ...lines].join('\n');
}
