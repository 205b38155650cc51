import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { globToRegExp } from './glob.ts';

/** One line of a `.gitignore`. */
interface Rule {
  readonly matches: RegExp;
  readonly negated: boolean;
  readonly foldersOnly: boolean;
}

/** The rules of a folder and of those above it (gitignore(5)). */
export class IgnoreRules {
  readonly #folder: string;
  readonly #rules: readonly Rule[];
  readonly #above: IgnoreRules | null;

  private constructor(folder: string, rules: readonly Rule[], above: IgnoreRules | null) {
    this.#folder = folder;
    this.#rules = rules;
    this.#above = above;
  }

  /** @param text Of the folder's own `.gitignore`. */
  static parse(folder: string, text: string, above: IgnoreRules | null = null): IgnoreRules {
    const rules = text.split(/\r?\n/).flatMap((line) => parseRule(line));
    return new IgnoreRules(folder, rules, above);
  }

  /** Rules inside `folder`, given those above it. */
  static async read(folder: string, above: IgnoreRules | null): Promise<IgnoreRules> {
    const text = await readFile(path.join(folder, '.gitignore'), 'utf8').catch(() => '');
    return IgnoreRules.parse(folder, text, above);
  }

  /** The last rule that matches decides, and a deeper folder's before those above. */
  ignores(file: string, isFolder: boolean): boolean {
    const relative = path.relative(this.#folder, file).split(path.sep).join('/');
    const rule = this.#rules.findLast(
      (each) => (isFolder || !each.foldersOnly) && each.matches.test(relative),
    );
    if (rule !== undefined) return !rule.negated;
    return this.#above?.ignores(file, isFolder) ?? false;
  }
}

function parseRule(line: string): readonly Rule[] {
  const text = line.replace(/(?<!\\)\s+$/, '');
  if (text === '' || text.startsWith('#')) return [];
  const negated = text.startsWith('!');
  const pattern = negated ? text.slice(1) : text;
  const foldersOnly = pattern.endsWith('/');
  const bare = foldersOnly ? pattern.slice(0, -1) : pattern;
  // With a slash in front or in the middle it is of this folder, without of any folder below.
  const anchored = bare.includes('/');
  const glob = anchored ? bare.replace(/^\//, '') : `**/${bare}`;
  return [{ matches: globToRegExp(glob, { braces: false }), negated, foldersOnly }];
}
