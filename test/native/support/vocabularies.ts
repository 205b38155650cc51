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
 * alone.
 */
export function vocabularyFile(name: string): string {
  const file = join(CACHE, `${name}.gguf`);
  if (existsSync(file)) return file;
  const repository = join(CACHE, 'llama.git');
  if (!existsSync(repository)) git('clone', '--quiet', '--bare', BUNDLE, repository);
  mkdirSync(CACHE, { recursive: true });
  const partial = `${file}.${process.pid}`;
  const vocabulary = `HEAD:models/ggml-vocab-${name}.gguf`;
  writeFileSync(partial, git('-C', repository, 'cat-file', 'blob', vocabulary));
  renameSync(partial, file);
  return file;
}

function git(...args: readonly string[]): Buffer {
  return execFileSync('git', args, { maxBuffer: MAX_BYTES, stdio: ['ignore', 'pipe', 'pipe'] });
}
