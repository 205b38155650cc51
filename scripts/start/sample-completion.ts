/** Completes one place of the sample workspace through the command line, as an editor would. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify, styleText } from 'node:util';
import { root, sampleWorkspace } from '../lib/paths.ts';
import { renderCompletion } from './render-completion.ts';

const SAMPLE = { file: 'inventory.ts', line: 25, column: 7 };
const MAX_TOKENS = 32;

interface CliAnswer {
  readonly text: string;
  readonly model: string;
  readonly timing: {
    readonly prefillMs: number;
    readonly decodeMs: number;
    readonly tokens: number;
    readonly tokensPerSecond: number;
  };
}

export async function showSampleCompletion(): Promise<void> {
  const file = path.join(sampleWorkspace, SAMPLE.file);
  const place = `${path.relative(root, file)}:${SAMPLE.line}:${SAMPLE.column}`;
  const args = ['complete', place, '--json', '--max-tokens', String(MAX_TOKENS)];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join('dist', 'cli.cjs'), ...args],
    { cwd: root },
  );
  const { text, model, timing } = JSON.parse(stdout) as CliAnswer;
  const shown = renderCompletion(readFileSync(file, 'utf8'), SAMPLE, text, highlight);
  const ms = Math.round(timing.prefillMs + timing.decodeMs);
  const speed = Math.round(timing.tokensPerSecond);
  console.log(`\n${place}\n\n${shown}\n`);
  console.log(`${model}: ${timing.tokens} tokens in ${ms} ms, ${speed} tok/s\n`);
}

function highlight(text: string): string {
  return process.stdout.isTTY ? styleText(['bold', 'green'], text) : `«${text}»`;
}
