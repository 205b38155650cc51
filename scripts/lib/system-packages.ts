/** Programs that npm cannot bring along. Root on a Debian gets them installed, others get told. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory } from './paths.ts';
import { run } from './run.ts';
import { stage } from './stages.ts';

export interface SystemPackage {
  /** Any of these programs will do. */
  readonly command: readonly string[];
  readonly debian: string;
}

export const CHROMIUM: SystemPackage = {
  command: ['chromium', 'chromium-browser', 'google-chrome'],
  debian: 'chromium',
};

const APT = '/usr/bin/apt-get';
const WAIT_FOR_LOCK = ['-o', 'DPkg::Lock::Timeout=300'];

export async function ensureSystemPackages(packages: readonly SystemPackage[]): Promise<void> {
  // The compilers of macOS and Windows are found by node-gyp, which has its own advice.
  if (process.platform !== 'linux') return;
  const missing = packages.filter((each) => findProgram(each.command) === null);
  if (missing.length === 0) return;
  const names = missing.map((each) => each.debian);
  if (process.getuid?.() !== 0 || !existsSync(APT)) {
    throw new Error(`Please install first: ${names.join(', ')} (Debian's names).`);
  }
  await stage(`system packages: ${names.join(', ')}`, () => install(names));
}

async function install(names: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const log = path.join(cacheDirectory, 'logs', 'apt.log');
  const args = [...WAIT_FOR_LOCK, 'install', '-y', '--no-install-recommends', ...names];
  try {
    await run(APT, args, { env, log });
  } catch {
    // Mostly: no package lists, or lists that are out of date.
    await run(APT, [...WAIT_FOR_LOCK, 'update'], { env, log });
    await run(APT, args, { env, log });
  }
}

/** Absolute path of the first of these programs that is on PATH. */
export function findProgram(commands: readonly string[]): string | null {
  const folders = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder));
  const candidates = commands.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
