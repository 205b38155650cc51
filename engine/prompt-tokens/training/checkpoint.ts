import { open, readFile, rename, rm } from 'node:fs/promises';
import type { AdamState } from '../../core/training/adamw.ts';
import type { ModelFingerprint } from '../prompt-tokens.ts';
import type { TrainingPosition } from './train-step.ts';
import type { TrainingWindow } from './windows.ts';

/** A training that was interrupted. JSON; arrays of numbers as base64 of their bytes. */
export interface Checkpoint {
  readonly fingerprint: ModelFingerprint;
  readonly promptTokens: number;
  readonly ensemble: number;
  readonly seed: number;
  /** Where the text came from. */
  readonly paths: readonly string[];
  readonly position: TrainingPosition;
  readonly trainingWindows: NumberedWindows;
  readonly heldOutWindows: NumberedWindows;
}

export type NumberedWindows = readonly (readonly [number, TrainingWindow])[];

const VERSION = 1;

/** A file that is no checkpoint, or a damaged one. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

export function checkpointPath(target: string): string {
  return `${target.replace(/\.gguf$/, '')}.checkpoint.json`;
}

/** Complete or not at all: a power cut leaves the checkpoint before. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const { adam, ...rest } = checkpoint.position;
  const content = {
    ...checkpoint,
    version: VERSION,
    position: rest,
    adam: {
      steps: adam.steps,
      parameters: toBase64(adam.parameters),
      firstMoment: toBase64(adam.firstMoment),
      secondMoment: toBase64(adam.secondMoment),
    },
    trainingWindows: checkpoint.trainingWindows.map(packWindow),
    heldOutWindows: checkpoint.heldOutWindows.map(packWindow),
  };
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w');
  try {
    await handle.writeFile(JSON.stringify(content));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
}

export async function removeCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
}

/**
 * @returns Null where there is none.
 * @throws CheckpointError.
 */
export async function readCheckpoint(file: string): Promise<Checkpoint | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const checkpoint = parse(text);
  if (checkpoint !== null) return checkpoint;
  throw new CheckpointError(
    `The checkpoint ${file} is damaged, or of another version: train without resuming.`,
  );
}

function packWindow([index, { tokens, firstInsertion }]: NumberedWindows[number]) {
  return [index, firstInsertion, toBase64(tokens)] as const;
}

function toBase64({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function parse(text: string): Checkpoint | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const root = new Reader(value);
  try {
    if (root.number('version') !== VERSION) return null;
    const fingerprint = root.child('fingerprint');
    return {
      fingerprint: { model: fingerprint.text('model'), weights: fingerprint.text('weights') },
      promptTokens: root.number('promptTokens'),
      ensemble: root.number('ensemble'),
      seed: root.number('seed'),
      paths: root.list('paths', (each) => each.asText()),
      position: parsePosition(root.child('position'), parseAdam(root.child('adam'))),
      trainingWindows: root.list('trainingWindows', parseWindow),
      heldOutWindows: root.list('heldOutWindows', parseWindow),
    };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

function parsePosition(reader: Reader, adam: AdamState): TrainingPosition {
  return {
    adam,
    windowsTaken: reader.number('windowsTaken'),
    seconds: reader.number('seconds'),
    trainedTokens: reader.number('trainedTokens'),
    losses: reader.list('losses', (loss) => loss.items((each) => each.asNumber())),
  };
}

function parseAdam(reader: Reader): AdamState {
  const floats = (name: string): Float32Array => new Float32Array(reader.bytes(name));
  const state = {
    steps: reader.number('steps'),
    parameters: floats('parameters'),
    firstMoment: floats('firstMoment'),
    secondMoment: floats('secondMoment'),
  };
  const { length } = state.parameters;
  if (state.firstMoment.length !== length || state.secondMoment.length !== length) {
    throw new RangeError('Moments of another length.');
  }
  return state;
}

function parseWindow(reader: Reader): NumberedWindows[number] {
  const [index, firstInsertion, tokens] = reader.items((each) => each);
  if (index === undefined || firstInsertion === undefined || tokens === undefined) {
    throw new TypeError('A window is incomplete.');
  }
  return [
    index.asNumber(),
    { firstInsertion: firstInsertion.asNumber(), tokens: new Int32Array(tokens.asBytes()) },
  ];
}

/** A JSON value whose parts are checked as they are read; throws TypeError. */
class Reader {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  asText(): string {
    if (typeof this.#value !== 'string') throw new TypeError('No text.');
    return this.#value;
  }

  asNumber(): number {
    if (typeof this.#value !== 'number') throw new TypeError('No number.');
    return this.#value;
  }

  asBytes(): ArrayBuffer {
    return Uint8Array.from(Buffer.from(this.asText(), 'base64')).buffer;
  }

  items<T>(read: (each: Reader) => T): readonly T[] {
    if (!Array.isArray(this.#value)) throw new TypeError('No list.');
    return this.#value.map((each) => read(new Reader(each)));
  }

  child(name: string): Reader {
    const value = this.#value;
    if (typeof value !== 'object' || value === null) throw new TypeError('No object.');
    return new Reader((value as Readonly<Record<string, unknown>>)[name]);
  }

  text(name: string): string {
    return this.child(name).asText();
  }

  number(name: string): number {
    return this.child(name).asNumber();
  }

  bytes(name: string): ArrayBuffer {
    return this.child(name).asBytes();
  }

  list<T>(name: string, read: (each: Reader) => T): readonly T[] {
    return this.child(name).items(read);
  }
}
