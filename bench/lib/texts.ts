import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { CompletionTask } from './contender.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../test/fixtures/workspace');

/** Lines shorter than this are braces and the like: nobody waits for ghost text there. */
const MIN_LINE_CHARACTERS = 12;

/** The sample workspace's files: text that no model of ours was trained on. */
function texts(): readonly string[] {
  return readdirSync(FOLDER)
    .sort()
    .map((name) => readFileSync(path.join(FOLDER, name), 'utf8'));
}

/** Each keystroke of typing every `stride`-th line of the samples, the rest being there already. */
export function keystrokes(stride: number, maxTokens: number): readonly CompletionTask[] {
  return texts().flatMap((text) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      if (index % stride !== 0 || line.trim().length < MIN_LINE_CHARACTERS) return [];
      const above = lines.slice(0, index).map((each) => `${each}\n`);
      const suffix = `\n${lines.slice(index + 1).join('\n')}`;
      const indent = line.length - line.trimStart().length;
      return Array.from({ length: line.length - indent - 1 }, (_, typed) => ({
        prefix: above.join('') + line.slice(0, indent + typed + 1),
        suffix,
        maxTokens,
        singleLine: true,
      }));
    });
  });
}

/** Lines that are written one after another. */
const WRITTEN_LINES = 12;

/** Each keystroke of writing lines in the midst of each sample, which had ended with the lines below. */
export function writing(maxTokens: number): readonly CompletionTask[] {
  return texts().flatMap((text) => {
    const lines = text.split('\n');
    const start = Math.floor(lines.length / 3);
    const above = lines.slice(0, start).map((line) => `${line}\n`);
    const written = lines.slice(start, start + WRITTEN_LINES).join('\n');
    const suffix = `\n${lines.slice(start + WRITTEN_LINES).join('\n')}`;
    return Array.from(written, (_, typed) => ({
      prefix: above.join('') + written.slice(0, typed + 1),
      suffix,
      maxTokens,
      singleLine: true,
    }));
  });
}

/** Completions from an empty cache: everything above each `stride`-th line, without suffix. */
export function openings(stride: number, maxTokens: number): readonly CompletionTask[] {
  return texts().flatMap((text) => {
    const lines = text.split('\n');
    return lines.flatMap((_, index) => {
      if (index === 0 || index % stride !== 0) return [];
      const prefix = lines.slice(0, index).map((line) => `${line}\n`);
      return [{ prefix: prefix.join(''), suffix: '', maxTokens, singleLine: false }];
    });
  });
}
