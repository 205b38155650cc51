import * as vscode from 'vscode';
import { cutPrompts, type SourceText } from '../../engine/core/bench/cut-prompts.ts';
import { shuffled } from '../../engine/core/bench/shuffle.ts';
import {
  isSourceFile,
  languageOf,
  MAX_SOURCE_CHARACTERS,
  SOURCE_EXTENSIONS,
} from '../../engine/core/bench/source-files.ts';
import { seededRandom } from '../../engine/core/metrics/percentiles.ts';
import type { BenchPrompt } from '../../engine/protocol.ts';
import { toLf } from '../snapshot.ts';

const MOST_FOUND = 5000;
const MOST_READ = 100;

export interface WorkspaceCut {
  readonly count: number;
  readonly seed: number;
  /** Glob patterns of files that are not read (foretoken.exclude). */
  readonly exclude: readonly string[];
}

/** Prompts from the source files of the open folders; empty where there are none. */
export async function workspacePrompts(cut: WorkspaceCut): Promise<readonly BenchPrompt[]> {
  const files = await findSources(cut.exclude);
  const chosen = shuffled(files, seededRandom(cut.seed)).slice(0, MOST_READ);
  const sources = await Promise.all(chosen.map(readSource));
  return cutPrompts(
    sources.filter((each) => each !== null),
    cut,
  );
}

async function findSources(exclude: readonly string[]): Promise<readonly vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(
    `**/*.{${SOURCE_EXTENSIONS.join(',')}}`,
    // Packages alone could be more than is looked for.
    `{${['**/node_modules/**', ...exclude].join(',')}}`,
    MOST_FOUND,
  );
  return found
    .filter((uri) => isSourceFile(vscode.workspace.asRelativePath(uri, false)))
    .toSorted((a, b) => (a.toString() < b.toString() ? -1 : 1));
}

async function readSource(uri: vscode.Uri): Promise<SourceText | null> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > MAX_SOURCE_CHARACTERS) return null;
    const bytes = await vscode.workspace.fs.readFile(uri);
    return { language: languageOf(uri.path) ?? '', text: toLf(new TextDecoder().decode(bytes)) };
  } catch {
    return null;
  }
}
