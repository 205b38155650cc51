import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { modelsFolder } from './models/folder.ts';

/** Where Foretoken is installed: a clone, an npm package or an unpacked VSIX. */
export interface Installation {
  readonly root: string;
  readonly version: string;
  /** Where downloaded models are kept. */
  readonly modelsFolder: string;
}

/**
 * Finds the installation that the running script belongs to. The script's path is the one thing
 * that bundled code, sources under tsx, and a symlink in node_modules/.bin have in common.
 */
export function findInstallation(script = process.argv[1] ?? process.cwd()): Installation {
  for (let folder = path.dirname(realpathSync(script)); ; folder = path.dirname(folder)) {
    const version = foretokenVersion(path.join(folder, 'package.json'));
    if (version !== undefined) return { root: folder, version, modelsFolder: modelsFolder() };
    if (folder === path.dirname(folder)) {
      throw new Error(`No Foretoken installation around ${script}.`);
    }
  }
}

function foretokenVersion(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  return manifest.name === 'foretoken' ? manifest.version : undefined;
}
