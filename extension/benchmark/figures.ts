import type { ModeReport } from '../../engine/core/bench/report.ts';
import type { Interval } from '../../engine/core/bench/sample.ts';

/** Figures of the results page: short, and the same in tables, charts and exports. */

/**
 * By what modes are ranked: how long one waits in all. Runs of earlier versions have the median of the
 * prompts alone.
 */
export function decidingSpeedup({
  totalSpeedup,
  speedupOverPlain,
}: Pick<ModeReport, 'totalSpeedup' | 'speedupOverPlain'>): Interval {
  return totalSpeedup ?? speedupOverPlain;
}

/** "1.32x" */
export function timesText(ratio: number): string {
  return `${ratio.toFixed(2)}x`;
}

/** "1.32x (1.20 to 1.45)"; "-" for what runs of earlier versions do not have. */
export function timesWithInterval(ratio: Interval | undefined): string {
  if (ratio === undefined) return '-';
  return `${timesText(ratio.median)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`;
}

/** Milliseconds to three digits. */
export function msText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

export function rateText(tokensPerSecond: number): string {
  return tokensPerSecond.toFixed(tokensPerSecond < 100 ? 1 : 0);
}

export function percentText(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** "+12 %", or "same" where it rounds to nothing. */
export function changeText(before: number, after: number): string {
  if (before <= 0 || after <= 0) return '-';
  const percent = Math.round(100 * (after / before - 1));
  if (percent === 0) return 'same';
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

export function memoryText(bytes: number): string {
  return bytes < 2 ** 30
    ? `${Math.round(bytes / 2 ** 20)} MiB`
    : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** "2026-11-24 22:15" in local time. */
export function timeText(iso: string): string {
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "1 prompt", "3 prompts" */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
