import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EngineFailure } from '../../engine-failure.ts';
import { randomAt, shuffled } from '../../core/training/random.ts';
import { globToRegExp } from './glob.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { isUsableName, usableText } from './usable-text.ts';

export interface CollectInput {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Globs of files that are never read, as in the setting foretoken.exclude. */
  readonly exclude: readonly string[];
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Text that is read; far more than a training gets through. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
const MOST_FILE_BYTES = 512 * 1024;
/** Files that are looked for. A home folder would otherwise be searched for hours. */
const MOST_FILES = 50_000;

/** Folders of what other people wrote, or a tool did. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  ...['node_modules', 'bower_components', 'vendor', 'third_party', 'site-packages'],
  ...['dist', 'build', 'out', 'target', 'coverage', '__pycache__', 'venv'],
]);

/**
 * The texts of files and of folders' files, in random order, none twice. Ignored files (`.gitignore`),
 * hidden folders and everything that is excluded stay unread.
 *
 * @throws EngineFailure 'invalid-request' where a path does not exist.
 */
export async function collectTexts(input: CollectInput): Promise<readonly string[]> {
  const exclude = input.exclude.map((glob) => globToRegExp(glob, { braces: true }));
  const files: string[] = [];
  for (const each of input.paths) {
    const start = path.resolve(each);
    const found = await stat(start).catch(() => null);
    if (found === null) {
      throw new EngineFailure('invalid-request', `There is no file or folder ${start}.`);
    }
    const isExcluded = (file: string): boolean => matchesAny(exclude, start, file);
    if (found.isDirectory()) {
      await walk(start, await rulesAbove(start), { isExcluded, files, signal: input.signal });
    } else if (found.isFile() && !isExcluded(start)) files.push(start);
  }
  const order = shuffled(randomAt(input.seed), [...new Set(files)].toSorted());
  return readAll(order, input.signal);
}

/** Globs are of the path below the folder, or of the whole one. */
function matchesAny(globs: readonly RegExp[], start: string, file: string): boolean {
  const slashed = (each: string): string => each.split(path.sep).join('/');
  const relative = slashed(path.relative(path.dirname(start), file));
  const whole = slashed(file);
  return globs.some((glob) => glob.test(relative) || glob.test(whole));
}

interface Walk {
  readonly isExcluded: (file: string) => boolean;
  readonly files: string[];
  readonly signal: AbortSignal;
}

async function walk(folder: string, above: IgnoreRules | null, task: Walk): Promise<void> {
  const rules = await IgnoreRules.read(folder, above);
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (task.signal.aborted || task.files.length >= MOST_FILES) return;
    const file = path.join(folder, entry.name);
    if (rules.ignores(file, entry.isDirectory()) || task.isExcluded(file)) continue;
    // Links are not followed: they lead in circles, or out of what the user named.
    if (entry.isDirectory()) {
      const isHidden = entry.name.startsWith('.');
      if (!isHidden && !SKIPPED_FOLDERS.has(entry.name)) await walk(file, rules, task);
    } else if (entry.isFile() && isUsableName(entry.name)) task.files.push(file);
  }
}

/** Rules of the folders above, up to the root of the repository; none outside of one. */
async function rulesAbove(start: string): Promise<IgnoreRules | null> {
  const folders: string[] = [];
  for (let folder = start; ; folder = path.dirname(folder)) {
    const isRoot = await stat(path.join(folder, '.git')).then(
      () => true,
      () => false,
    );
    if (folder !== start) folders.unshift(folder);
    if (isRoot) break;
    if (folder === path.dirname(folder)) return null;
  }
  let rules: IgnoreRules | null = null;
  for (const folder of folders) rules = await IgnoreRules.read(folder, rules);
  return rules;
}

async function readAll(files: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const texts: string[] = [];
  const seen = new Set<string>();
  let characters = 0;
  for (const file of files) {
    if (signal.aborted || characters >= MOST_CHARACTERS) break;
    const text = await read(file);
    if (text === null) continue;
    const digest = createHash('sha256').update(text.replace(/\s+/g, ' ')).digest('base64');
    if (seen.has(digest)) continue;
    seen.add(digest);
    texts.push(text);
    characters += text.length;
  }
  return texts;
}

async function read(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  if (found === null || found.size > MOST_FILE_BYTES) return null;
  const bytes = await readFile(file).catch(() => null);
  return bytes === null ? null : usableText(bytes);
}
