import type { ModeReport } from '../../../engine/core/bench/report.ts';
import type { Interval } from '../../../engine/core/bench/sample.ts';

/** Modes as a Markdown table, with what parts from plain decoding and by which margin at most. */
export function decodeTable(modes: Readonly<Record<string, ModeReport>>): string {
  const header = ['mode', 'tok/s', 'tokens per step', 'speed-up', 'in all', 'as plain'];
  const rows = Object.entries(modes).map(([mode, report]) => {
    const margins = report.divergences.map(({ marginOfPlain }) => marginOfPlain);
    return [
      mode,
      report.tokensPerSecond.median.toFixed(0),
      report.tokensPerStep.toFixed(2),
      ratioText(report.speedupOverPlain),
      ratioText(report.totalSpeedup),
      margins.length === 0
        ? 'identical'
        : `${margins.length} near ties, margin ${Math.max(...margins).toFixed(3)} at most`,
    ];
  });
  const divider = header.map((_, index) => (index === 0 ? '---' : '--:'));
  return [header, divider, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function ratioText(speedup: Interval | undefined): string {
  if (speedup === undefined) return '-';
  const { median, low, high } = speedup;
  return `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
}
