/** Completes a line of the sample workspace through the command line. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify, styleText } from 'node:util';
import { cacheDirectory, ensureDirectory, root, sampleWorkspace } from '../lib/paths.ts';
import { cutLine, renderCompletion } from './render-completion.ts';

/** The rest of this line is what the model has to find. */
const SAMPLE = { file: 'inventory.ts', line: 25, column: 14 };
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
  const source = cutLine(readFileSync(path.join(sampleWorkspace, SAMPLE.file), 'utf8'), SAMPLE);
  const file = path.join(ensureDirectory(path.join(cacheDirectory, 'sample')), SAMPLE.file);
  writeFileSync(file, source);
  const { text, model, timing } = await complete(`${file}:${SAMPLE.line}:${SAMPLE.column}`);
  const ms = Math.round(timing.prefillMs + timing.decodeMs);
  const speed = Math.round(timing.tokensPerSecond);
  console.log(`\n${SAMPLE.file}, the rest of line ${SAMPLE.line}:\n`);
  console.log(`${renderCompletion(source, SAMPLE, text, highlight)}\n`);
  console.log(`${model}: ${timing.tokens} tokens in ${ms} ms, ${speed} tok/s\n`);
}

async function complete(place: string): Promise<CliAnswer> {
  const args = ['complete', place, '--json', '--max-tokens', String(MAX_TOKENS)];
  const cli = path.join('dist', 'cli.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: root });
  return JSON.parse(stdout) as CliAnswer;
}

function highlight(text: string): string {
  return process.stdout.isTTY ? styleText(['bold', 'green'], text) : `«${text}»`;
}
