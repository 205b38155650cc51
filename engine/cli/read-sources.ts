import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SourceText } from '../core/bench/cut-prompts.ts';
import { shuffled } from '../core/bench/shuffle.ts';
import { isSourceFile, languageOf, MAX_SOURCE_CHARACTERS } from '../core/bench/source-files.ts';
import { seededRandom } from '../core/metrics/percentiles.ts';
import { UsageError } from './arguments.ts';

const MOST_FILES = 200;
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

/** Source files of a folder, chosen by the seed; what git ignores is left out. */
export async function readSources(folder: string, seed: number): Promise<readonly SourceText[]> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) throw new UsageError(`There is no folder ${folder}.`);
  const files = (await listWithGit(folder)) ?? (await listAll(folder));
  const chosen = shuffled(files.filter(isSourceFile).toSorted(), seededRandom(seed));
  const sources = await Promise.all(
    chosen.slice(0, MOST_FILES).map((file) => readSource(path.join(folder, file), file)),
  );
  return sources.filter((each) => each !== null);
}

/** Null where git is missing or the folder is in no repository. */
async function listWithGit(folder: string): Promise<readonly string[] | null> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    const { stdout } = await promisify(execFile)('git', args, {
      cwd: folder,
      maxBuffer: MAX_LISTING_BYTES,
    });
    return stdout.split('\0');
  } catch {
    return null;
  }
}

async function listAll(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => {
    throw new UsageError(`${folder} cannot be read: check permissions.`);
  });
  return entries.map((each) => each.split(path.sep).join('/'));
}

async function readSource(file: string, name: string): Promise<SourceText | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text === '' || text.length > MAX_SOURCE_CHARACTERS) return null;
  return { language: languageOf(name) ?? '', text: text.replace(/\r\n?/g, '\n') };
}
