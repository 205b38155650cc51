import type { Ratio, ScenarioSummary } from './summarise.ts';

/** The scenario as a Markdown table; ratios are theirs over that of `ours`, with 95 % intervals. */
export function peerTable(summary: ScenarioSummary, ours: string): string {
  const header = [
    'system',
    'first token, ms',
    'total, ms',
    'ms per further token',
    'prompt tokens evaluated',
    'first token, ratio',
    'total, ratio',
  ];
  const rows = Object.entries(summary.peers).map(([name, peer]) => {
    const speedup = summary.speedup[ours]?.[name];
    return [
      name,
      peer.firstTokenMs.p50.toFixed(2),
      peer.totalMs.p50.toFixed(2),
      peer.decodeMsPerToken?.toFixed(3) ?? '',
      peer.evaluatedTokensPerRequest.toFixed(1),
      ratioText(speedup?.firstToken),
      ratioText(speedup?.total),
    ];
  });
  const divider = header.map((_, index) => (index === 0 ? '---' : '--:'));
  return [header, divider, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function ratioText(ratio: Ratio | null | undefined): string {
  if (ratio === undefined || ratio === null) return '';
  return `${ratio.ratio.toFixed(2)} (${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)})`;
}
