import path from 'node:path';
import { cacheDirectory } from './paths.ts';
import { run } from './run.ts';
import { stage } from './stages.ts';
import { ensureSystemPackages } from './system-packages.ts';

/** The addon; node-gyp wants a compiler, make and Python. */
export async function buildNative(): Promise<void> {
  await ensureSystemPackages([
    { command: ['g++', 'clang++', 'c++', 'cl'], debian: 'g++' },
    { command: ['make', 'msbuild'], debian: 'make' },
    { command: ['python3', 'python'], debian: 'python3' },
  ]);
  await npmStage('native addon', 'build:native');
}

/** Extension, engine and command line. */
export async function buildBundles(): Promise<void> {
  await npmStage('bundles', 'build:bundles');
}

async function npmStage(label: string, script: string): Promise<void> {
  const log = path.join(cacheDirectory, 'logs', `${script.replace(':', '-')}.log`);
  await stage(label, () => run('npm', ['run', script], { log }));
}
