import { statSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory } from '../lib/paths.ts';
import { run } from '../lib/run.ts';
import { vsixTarget } from './runtime-packages.ts';
import { stageVsix } from './stage-vsix.ts';

export interface Vsix {
  readonly file: string;
  readonly sizeBytes: number;
}

/** Packs the built extension for the present platform. */
export async function packageVsix(): Promise<Vsix> {
  const target = vsixTarget(process.platform, process.arch);
  const file = path.join(cacheDirectory, `foretoken-${target}.vsix`);
  const stage = stageVsix(target);
  await run('npx', ['vsce', 'package', ...flags, '--target', target, '--out', file], {
    cwd: stage,
    log: path.join(cacheDirectory, 'logs', 'vsce.log'),
  });
  return { file, sizeBytes: statSync(file).size };
}

const flags = ['--allow-missing-repository', '--skip-license', '--no-rewrite-relative-links'];
