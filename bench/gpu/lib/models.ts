import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findInstallation } from '../../../engine/installation.ts';
import {
  QUANTISATIONS,
  SHAPES,
  writeRandomModel,
  type Quantisation,
  type ShapeName,
} from '../gguf/random-model.ts';
import { requantise } from '../gguf/requantise.ts';

/** Where models are made, and the vocabulary that random ones take. */
export interface ModelFolder {
  readonly folder: string;
  readonly vocabulary: string;
}

export function embeddedModel(): string {
  return path.join(findInstallation().root, 'models', 'foretoken-code-6m.Q8_0.gguf');
}

/** The embedded model in the types whose kernels are to be compared. */
export function embeddedEditions({ folder }: ModelFolder): Readonly<Record<string, string>> {
  const source = embeddedModel();
  const made = (type: 'F16' | 'Q4_0'): string =>
    once(folder, `foretoken-code-6m.${type}.gguf`, (file) => {
      requantise(source, file, type);
    });
  return { F16: made('F16'), Q8_0: source, Q4_0: made('Q4_0') };
}

export function randomModel(
  { folder, vocabulary }: ModelFolder,
  shape: ShapeName,
  quantisation: Quantisation,
): string {
  return once(folder, `random-${shape}.${quantisation}.gguf`, (file) => {
    writeRandomModel(file, vocabulary, shape, quantisation);
  });
}

/** Gigabytes that nothing needs any more. */
export function forget(file: string): void {
  rmSync(file, { force: true });
}

export function parseShapes(text: string): readonly ShapeName[] {
  const known = Object.keys(SHAPES) as ShapeName[];
  return text.split(',').map((name) => {
    const shape = known.find((each) => each === name);
    if (shape === undefined) throw new Error(`There is no shape ${name}.`);
    return shape;
  });
}

export const ALL_QUANTISATIONS: readonly Quantisation[] = QUANTISATIONS;

function once(folder: string, name: string, make: (file: string) => void): string {
  const file = path.join(folder, name);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  make(`${file}.partial`);
  renameSync(`${file}.partial`, file);
  return file;
}
