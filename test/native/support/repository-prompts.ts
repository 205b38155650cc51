/** Prompts for the native tests, cut from this repository's own files: nobody has to keep a copy. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cutPrompts } from '../../../engine/core/bench/cut-prompts.ts';
import type { LabelledPrompt } from '../../../engine/core/bench/built-in-prompts.ts';
import { root } from './native.ts';

/** Folders in which all files are the repository's: nothing is built, downloaded or trained there. */
const FOLDERS = ['bench', 'docs', 'engine', 'extension', 'media', 'native/src', 'scripts', 'test'];
/** Of these only what lies in the folder itself. */
const FLAT_FOLDERS = ['.', 'models', 'training'];

const KINDS: readonly { readonly language: string; readonly files: RegExp }[] = [
  { language: 'typescript', files: /\.ts$/ },
  { language: 'cpp', files: /\.(cpp|h)$/ },
  { language: 'python', files: /\.py$/ },
  { language: 'javascript', files: /\.m?js$/ },
  { language: 'json', files: /\.json$/ },
  { language: 'markdown', files: /\.md$/ },
];

/** About 100 to 400 tokens. */
const LEAST_CHARACTERS = 800;
const PREFIX_CHARACTERS = 900;
const SUFFIX_CHARACTERS = 200;

/**
 * @param count Spread evenly over the languages.
 * @returns The same prompts as long as the files stay the same.
 */
export function repositoryPrompts(count: number): readonly Required<LabelledPrompt>[] {
  const paths = [
    ...FOLDERS.flatMap((folder) => filesIn(folder, true)),
    ...FLAT_FOLDERS.flatMap((folder) => filesIn(folder, false)),
  ];
  return KINDS.flatMap(({ language, files }, index) => {
    const sources = paths
      .filter((path) => files.test(path))
      .map((path) => ({ language, text: readFileSync(join(root, path), 'utf8') }));
    const share = Math.ceil((count - index) / KINDS.length);
    // Some have too little above them.
    return cutPrompts(sources, { count: 3 * share, seed: index })
      .filter(({ prompt }) => prompt.length >= LEAST_CHARACTERS)
      .slice(0, share)
      .map(shortened);
  });
}

function shortened({ prompt, suffix = '', language }: LabelledPrompt): Required<LabelledPrompt> {
  return {
    prompt: prompt.slice(-PREFIX_CHARACTERS),
    suffix: suffix.slice(0, SUFFIX_CHARACTERS),
    language,
  };
}

/** Sorted, for folders are listed in any order. */
function filesIn(folder: string, recursive: boolean): readonly string[] {
  return readdirSync(join(root, folder), { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted();
}
