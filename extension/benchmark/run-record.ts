import type { BenchReport, ModeAvailability } from '../../engine/protocol.ts';

export type PromptSource = 'built-in' | 'workspace';

/** A finished benchmark as it is kept: nothing of the user's files and no path is in it. */
export interface BenchRun {
  /** Sorts by time. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly prompts: PromptSource;
  readonly report: BenchReport;
  /** Modes that were asked for and that the model does not have. */
  readonly missing: readonly ModeAvailability[];
}

/** Version of the format; a run of another one is not read. */
const FORMAT = 1;

export function recordRun(
  { prompts, report, missing }: Pick<BenchRun, 'prompts' | 'report' | 'missing'>,
  finishedAt: Date,
): BenchRun {
  const iso = finishedAt.toISOString();
  const id = iso.replaceAll(/[:.]/g, '-');
  return { id, finishedAt: iso, prompts, report: withoutPath(report), missing };
}

/** Whose home a model lies in is nobody's business. */
function withoutPath(report: BenchReport): BenchReport {
  return { ...report, model: { ...report.model, path: '' } };
}

export function serialiseRun(run: BenchRun): string {
  return `${JSON.stringify({ format: FORMAT, ...run }, undefined, 2)}\n`;
}

/** Null for what is no run of this format: damaged, or of another version. */
export function parseRun(text: string): BenchRun | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isRun(value) ? value : null;
}

function isRun(value: unknown): value is BenchRun {
  if (typeof value !== 'object' || value === null) return false;
  const { format, id, finishedAt, prompts, report, missing } = value as Record<string, unknown>;
  if (format !== FORMAT || typeof id !== 'string' || typeof finishedAt !== 'string') return false;
  if (prompts !== 'built-in' && prompts !== 'workspace') return false;
  if (typeof report !== 'object' || report === null || !Array.isArray(missing)) return false;
  return ['device', 'model', 'settings', 'modes'].every((key) => key in report);
}
