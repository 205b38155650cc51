import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './native.ts';

const BUNDLE = join(root, 'node_modules', 'node-llama-cpp', 'llama', 'gitRelease.bundle');
const CACHE = join(root, '.cache', 'vocabularies');
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A vocabulary-only GGUF file of a real model, out of the llama.cpp sources that node-llama-cpp
 * brings. It is third-party material: taken out when a test wants it, and kept in the ignored cache
 * alone. Null where the bundle or git is missing.
 */
export function vocabularyFile(name: string): string | null {
  const file = join(CACHE, `${name}.gguf`);
  if (existsSync(file)) return file;
  if (!existsSync(BUNDLE)) return null;
  try {
    const repository = join(CACHE, 'llama.git');
    if (!existsSync(repository)) git('clone', '--quiet', '--bare', BUNDLE, repository);
    const blob = `HEAD:models/ggml-vocab-${name}.gguf`;
    mkdirSync(CACHE, { recursive: true });
    const partial = `${file}.${process.pid}`;
    writeFileSync(partial, git('-C', repository, 'cat-file', 'blob', blob));
    renameSync(partial, file);
    return file;
  } catch (error) {
    console.warn(`no vocabulary ${name}: ${String(error)}`);
    return null;
  }
}

function git(...args: readonly string[]): Buffer {
  return execFileSync('git', args, { maxBuffer: MAX_BYTES, stdio: ['ignore', 'pipe', 'pipe'] });
}
