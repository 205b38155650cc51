import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type {
  DepthMeasurement,
  DeviceMeasurement,
  MeasuredPasses,
} from '../core/tuning/device-measurement.ts';

/** Everything that L(n) depends on: where one of these differs, the device is measured again. */
export interface TuningKey {
  readonly device: string;
  readonly backend: string;
  readonly threads: number;
  /** Hash of the weights as they are stored. */
  readonly weights: string;
  readonly contextLength: number;
  readonly depths: readonly number[];
  readonly mostRows: number;
  /** Null where the model has no prompt tokens. */
  readonly promptTokens: { readonly count: number; readonly ensemble: number } | null;
  readonly llamaCpp: string;
  /** Of Foretoken: what a pass costs outside of the model is its doing. */
  readonly version: string;
}

interface TuningFile {
  readonly format: typeof FORMAT;
  readonly key: TuningKey;
  readonly measurement: DeviceMeasurement;
}

const FORMAT = 2;

/** Where measurements are kept. */
export function tuningFolder(modelsFolder: string): string {
  return path.join(modelsFolder, '.tuning');
}

export function tuningPath(modelsFolder: string, key: TuningKey): string {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex');
  return path.join(tuningFolder(modelsFolder), `${hash.slice(0, 32)}.json`);
}

/** What was measured for this key; null where there is nothing, or nothing that can be trusted. */
export async function readTuning(
  modelsFolder: string,
  key: TuningKey,
): Promise<DeviceMeasurement | null> {
  const text = await readFile(tuningPath(modelsFolder, key), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const file: unknown = JSON.parse(text);
    return isTuningFile(file) && JSON.stringify(file.key) === JSON.stringify(key)
      ? file.measurement
      : null;
  } catch {
    return null;
  }
}

/** The file appears complete or not at all. Throws where the folder cannot be written to. */
export async function writeTuning(
  modelsFolder: string,
  key: TuningKey,
  measurement: DeviceMeasurement,
): Promise<string> {
  const file = tuningPath(modelsFolder, key);
  const partial = `${file}.${process.pid}.partial`;
  const content: TuningFile = { format: FORMAT, key, measurement };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(partial, `${JSON.stringify(content)}\n`);
  await rename(partial, file);
  return file;
}

function isTuningFile(value: unknown): value is TuningFile {
  if (typeof value !== 'object' || value === null) return false;
  const { format, key, measurement } = value as Partial<Record<keyof TuningFile, unknown>>;
  return (
    format === FORMAT &&
    typeof key === 'object' &&
    Array.isArray(measurement) &&
    measurement.length > 0 &&
    measurement.every(isDepth)
  );
}

function isDepth(value: unknown): value is DepthMeasurement {
  if (typeof value !== 'object' || value === null) return false;
  const { contextTokens, plainMs, chains, trees } = value as Partial<
    Record<keyof DepthMeasurement, unknown>
  >;
  return (
    areTimes([contextTokens, plainMs]) && isPasses(chains) && (trees === null || isPasses(trees))
  );
}

function isPasses(value: unknown): value is MeasuredPasses {
  if (typeof value !== 'object' || value === null) return false;
  const { lengths, steadyMs, mixedMs } = value as Partial<Record<keyof MeasuredPasses, unknown>>;
  if (!areTimes(lengths) || !areTimes(steadyMs) || !areTimes(mixedMs)) return false;
  const rising = lengths.every((n, index) => Number.isInteger(n) && n > (lengths[index - 1] ?? 0));
  return rising && lengths.length === steadyMs.length && lengths.length === mixedMs.length;
}

function areTimes(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each === 'number' && Number.isFinite(each) && each > 0)
  );
}
