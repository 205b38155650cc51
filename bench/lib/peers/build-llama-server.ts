/**
 * Builds llama-server out of the llama.cpp source that node-llama-cpp's package carries (a git
 * bundle): the same release whose libraries the other contenders use, compiled for this machine with
 * the defaults of a release build. Nothing is downloaded. Takes long the first time, nothing after.
 *
 * GCC 12 makes AMX kernels of it that crash: on such a CPU set CC=clang and CXX=clang++.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const FOLDER = path.join(ROOT, '.cache', 'llama-server');
const SOURCE = path.join(FOLDER, 'source');
const BUILD = path.join(FOLDER, 'build');
const STAMP = path.join(FOLDER, 'built.json');

/** What a completion needs, and nothing that would be fetched from the network. */
const OPTIONS = {
  CMAKE_BUILD_TYPE: 'Release',
  BUILD_SHARED_LIBS: 'ON',
  GGML_NATIVE: 'ON',
  LLAMA_BUILD_TESTS: 'OFF',
  LLAMA_BUILD_EXAMPLES: 'OFF',
  LLAMA_BUILD_APP: 'OFF',
  LLAMA_BUILD_UI: 'OFF',
  LLAMA_USE_PREBUILT_UI: 'OFF',
  LLAMA_OPENSSL: 'OFF',
} as const;

export interface LlamaServerBuild {
  readonly binary: string;
  /** llama.cpp release, e.g. "v0.4.0". */
  readonly release: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Returns at once where the same release was built with the same options before. */
export async function buildLlamaServer(): Promise<LlamaServerBuild> {
  const { release } = pinnedRelease();
  const binary = path.join(BUILD, 'bin', 'llama-server');
  const wanted = JSON.stringify({ release, options: OPTIONS });
  if (!existsSync(binary) || !existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) {
    await fetchLlamaSource();
    await compile();
    writeFileSync(STAMP, wanted);
  }
  return { binary, release, options: OPTIONS };
}

function pinnedRelease(): { readonly bundle: string; readonly release: string } {
  const llama = path.join(ROOT, 'node_modules', 'node-llama-cpp', 'llama');
  const info = JSON.parse(readFileSync(path.join(llama, 'llama.cpp.info.json'), 'utf8')) as {
    readonly tag: string;
  };
  return { bundle: path.join(llama, 'gitRelease.bundle'), release: info.tag };
}

/** The folder with the source of the release, checked out once. */
export async function fetchLlamaSource(): Promise<string> {
  const { bundle, release } = pinnedRelease();
  const marker = path.join(FOLDER, 'source.txt');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === release) return SOURCE;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  await run('git', ['clone', '--quiet', bundle, SOURCE]);
  writeFileSync(marker, release);
  return SOURCE;
}

async function compile(): Promise<void> {
  const settings = Object.entries(OPTIONS).map(([name, value]) => `-D${name}=${value}`);
  await run('cmake', ['-S', SOURCE, '-B', BUILD, ...settings]);
  const jobs = String(availableParallelism());
  await run('cmake', ['--build', BUILD, '--target', 'llama-server', '--parallel', jobs]);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} failed (exit code ${code ?? '-'}).`);
}

if (process.argv[1] === import.meta.filename) console.log((await buildLlamaServer()).binary);
