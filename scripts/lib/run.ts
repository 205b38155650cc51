import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureDirectory, root } from './paths.ts';

const TAIL_LINES = 40;

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Output goes to this file; without it, to the console. */
  readonly log?: string;
}

/** A command that ended badly; the message holds the end of its output. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Runs a command to its end and returns its exit code (a signal counts as 1). */
export function exitCodeOf(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<number> {
  const output = options.log === undefined ? 'inherit' : openLog(options.log);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: options.env ?? process.env,
      stdio: ['ignore', output, output],
      // npm, npx and code are .cmd files there, which only a shell can start.
      shell: process.platform === 'win32' && /(^np[mx]|\.cmd)$/.test(command),
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  }).finally(() => {
    if (typeof output === 'number') closeSync(output);
  });
}

/** Runs a command; anything but exit code 0 throws. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const code = await exitCodeOf(command, args, options);
  if (code === 0) return;
  const shown = [command, ...args].join(' ');
  const tail =
    options.log === undefined ? '' : `\n${tailOf(options.log)}\nAll of it: ${options.log}`;
  throw new CommandError(`"${shown}" ended with exit code ${code}.${tail}`);
}

export function tailOf(file: string, lines = TAIL_LINES): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

function openLog(file: string): number {
  ensureDirectory(path.dirname(file));
  return openSync(file, 'w');
}
