import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Kept between runs, ignored by git: tools, packages, logs. */
export const cacheDirectory = path.join(root, '.cache');

/** What tests leave behind: results, screenshots, logs. */
export const testOutputDirectory = path.join(root, 'test-output');

export const sampleWorkspace = path.join(root, 'test', 'fixtures', 'workspace');

/** Creates the folder where it is missing. */
export function ensureDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true });
  return directory;
}
