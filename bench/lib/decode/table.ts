import type { ModeReport } from '../../../engine/core/bench/report.ts';

/** Modes as a Markdown table, with what parts from plain decoding and by which margin at most. */
export function decodeTable(modes: Readonly<Record<string, ModeReport>>): string {
  const header = ['mode', 'tok/s', 'tokens per step', 'speed-up', 'as plain'];
  const rows = Object.entries(modes).map(([mode, report]) => {
    const { median, low, high } = report.speedupOverPlain;
    const margins = report.divergences.map(({ marginOfPlain }) => marginOfPlain);
    return [
      mode,
      report.tokensPerSecond.median.toFixed(0),
      report.tokensPerStep.toFixed(2),
      `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`,
      margins.length === 0
        ? 'identical'
        : `${margins.length} near ties, margin ${Math.max(...margins).toFixed(3)} at most`,
    ];
  });
  const divider = header.map((_, index) => (index === 0 ? '---' : '--:'));
  return [header, divider, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
