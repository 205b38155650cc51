import { readFile, stat } from 'node:fs/promises';
import { accuraciesFault } from '../core/tree/accuracies.ts';
import type { GgufValue, NativeAddon } from '../native/addon.d.ts';
import type { PromptTokens, TrainingRecord } from './prompt-tokens.ts';
import { readSmallGguf, type SmallGguf, type SmallTensor } from './small-gguf.ts';

/** The architecture that tells such a file from a model. */
export const ARCHITECTURE = 'foretoken-prompt-tokens';
const VERSION = 1;
const TENSOR = 'prompt_tokens';

/** No file of ours comes near; parsing a larger one could take all memory. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_PROMPT_TOKENS = 16;
const MOST_ENSEMBLE = 64;
const MOST_RANKS = 1024;

/** A file that is no prompt-token file, or a damaged one; `message` says so in a sentence. */
export class PromptTokenFileError extends Error {
  override readonly name = 'PromptTokenFileError';
}

/** Writes the file complete or not at all. Throws `NativeError` 'file-unwritable'. */
export function writePromptTokens(
  addon: Pick<NativeAddon, 'writeGguf'>,
  path: string,
  tokens: PromptTokens,
): void {
  const { count, ensemble, embeddingLength, rows, accuracies, calibration, fingerprint } = tokens;
  const metadata: Record<string, GgufValue> = {
    'general.architecture': { type: 'string', value: ARCHITECTURE },
    'general.name': { type: 'string', value: `Prompt tokens of ${tokens.record.modelName}` },
    'foretoken.version': { type: 'u32', value: VERSION },
    'foretoken.count': { type: 'u32', value: count },
    'foretoken.ensemble': { type: 'u32', value: ensemble },
    'foretoken.model': { type: 'string', value: fingerprint.model },
    'foretoken.weights': { type: 'string', value: fingerprint.weights },
    'foretoken.ranks': { type: 'u32', value: accuracies[0]?.length ?? 0 },
    'foretoken.accuracies': { type: 'f32s', value: Float32Array.from(accuracies.flat()) },
    'foretoken.calibration': { type: 'f32s', value: Float32Array.from(calibration.weights.flat()) },
    'foretoken.record': { type: 'string', value: JSON.stringify(tokens.record) },
  };
  const shape = [embeddingLength, count * ensemble];
  addon.writeGguf(path, metadata, [{ name: TENSOR, shape, data: rows }]);
}

/** @throws PromptTokenFileError. */
export async function readPromptTokens(path: string): Promise<PromptTokens> {
  const { metadata, tensors } = await readGguf(path);
  if (metadata.get('general.architecture') !== ARCHITECTURE) throw fault(path, 'holds a model');
  const fields = new Fields(path, metadata);
  const version = fields.whole('version', Number.MAX_SAFE_INTEGER);
  if (version !== VERSION) throw fault(path, `has version ${version}, not ${VERSION}`);
  const count = fields.whole('count', MOST_PROMPT_TOKENS);
  const ensemble = fields.whole('ensemble', MOST_ENSEMBLE);
  const ranks = fields.whole('ranks', MOST_RANKS);
  const accuracies = chunks(fields.numbers('accuracies', count * ranks), ranks);
  const wrong = accuraciesFault(accuracies);
  if (wrong !== null) throw fault(path, `has impossible accuracies (${wrong})`);
  const weights = chunks(fields.numbers('calibration', count * 3), 3).map(
    ([a = 0, b = 1, c = 0]) => [a, b, c] as const,
  );
  return {
    count,
    ensemble,
    ...embeddings(path, tensors.get(TENSOR), count * ensemble),
    accuracies,
    calibration: { weights },
    fingerprint: { model: fields.text('model'), weights: fields.text('weights') },
    record: parseRecord(path, fields.text('record')),
  };
}

async function readGguf(path: string): Promise<SmallGguf> {
  const { size } = await stat(path);
  if (size > MOST_BYTES) throw fault(path, `is ${size} bytes large`);
  const bytes = await readFile(path);
  try {
    return readSmallGguf(bytes);
  } catch {
    throw fault(path, 'is no GGUF file, or cut short');
  }
}

function embeddings(
  path: string,
  tensor: SmallTensor | undefined,
  rowCount: number,
): { readonly embeddingLength: number; readonly rows: Float32Array } {
  const [embeddingLength = 0, tensorRows] = tensor?.shape ?? [];
  if (tensor?.shape.length !== 2 || embeddingLength === 0 || tensorRows !== rowCount) {
    throw fault(path, 'has no embeddings of the stated shape');
  }
  const rows = tensor.values;
  if (rows === null) throw fault(path, 'has embeddings that are not F32');
  if (!rows.every(Number.isFinite)) throw fault(path, 'holds embeddings that are not finite');
  return { embeddingLength, rows };
}

function parseRecord(path: string, text: string): TrainingRecord {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    throw fault(path, 'has no readable training record');
  }
  if (!isRecord(record)) throw fault(path, 'has no complete training record');
  return record;
}

const TEXTS = ['modelName', 'quantisation', 'device', 'date'] as const;
const NUMBERS = ['steps', 'trainedTokens', 'seconds'] as const;

function isRecord(value: unknown): value is TrainingRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof TrainingRecord, unknown>>;
  return (
    TEXTS.every((name) => typeof record[name] === 'string') &&
    NUMBERS.every((name) => Number.isFinite(record[name])) &&
    areNumbers(record.lossByDistance) &&
    Array.isArray(record.untrained) &&
    record.untrained.every(areNumbers)
  );
}

function areNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isFinite(each));
}

/** Metadata under our prefix, each value checked as it is read. */
class Fields {
  readonly #path: string;
  readonly #values: SmallGguf['metadata'];

  constructor(path: string, values: SmallGguf['metadata']) {
    this.#path = path;
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#values.get(`foretoken.${name}`);
    if (typeof value !== 'string') throw fault(this.#path, `does not say its "${name}"`);
    return value;
  }

  /** From 1. */
  whole(name: string, most: number): number {
    const value = this.#values.get(`foretoken.${name}`);
    const whole = typeof value === 'number' && Number.isInteger(value);
    if (whole && value >= 1 && value <= most) return value;
    throw fault(this.#path, `has no "${name}" from 1 to ${most}`);
  }

  numbers(name: string, count: number): readonly number[] {
    const value = this.#values.get(`foretoken.${name}`);
    if (areNumbers(value) && value.length === count) return value;
    throw fault(this.#path, `does not have ${count} numbers as its "${name}"`);
  }
}

function chunks(values: readonly number[], size: number): readonly (readonly number[])[] {
  return Array.from({ length: values.length / size }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}

function fault(path: string, what: string): PromptTokenFileError {
  return new PromptTokenFileError(
    `The prompt-token file ${path} ${what}: run "foretoken train" to make a new one.`,
  );
}
