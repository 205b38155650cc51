import type { BenchReport, ModeAvailability, TreeSettings } from '../../engine/protocol.ts';

export type PromptSource = 'built-in' | 'workspace';

/** What the modes were measured with, as far as the report does not say so. */
export interface MeasuredWith {
  /** Settings of `manual`. */
  readonly tree: TreeSettings;
  /** Name of the draft model that was loaded; null = none. */
  readonly draft: string | null;
}

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
  /** Absent in runs of earlier versions. */
  readonly measuredWith?: MeasuredWith;
}

/** Version of the format; a run of another one is not read. */
const FORMAT = 1;

export function recordRun(run: Omit<BenchRun, 'id' | 'finishedAt'>, finishedAt: Date): BenchRun {
  const iso = finishedAt.toISOString();
  const id = iso.replaceAll(/[:.]/g, '-');
  const { prompts, report, missing, measuredWith } = run;
  return {
    id,
    finishedAt: iso,
    prompts,
    report: withoutPath(report),
    missing,
    ...(measuredWith !== undefined && { measuredWith }),
  };
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
  const { format, id, finishedAt, prompts, report, missing, measuredWith } = value as Record<
    string,
    unknown
  >;
  if (format !== FORMAT || typeof id !== 'string' || typeof finishedAt !== 'string') return false;
  if (prompts !== 'built-in' && prompts !== 'workspace') return false;
  if (typeof report !== 'object' || report === null || !Array.isArray(missing)) return false;
  if (measuredWith !== undefined && !isMeasuredWith(measuredWith)) return false;
  return ['device', 'model', 'settings', 'modes'].every((key) => key in report);
}

function isMeasuredWith(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('tree' in value)) return false;
  return typeof value.tree === 'object' && value.tree !== null;
}
