/**
 * The folder that is packed into the VSIX: what is listed here, and no more. `.vscodeignore` then
 * drops single files (type declarations, maps, ...) out of the packages.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, ensureDirectory, root } from '../lib/paths.ts';
import {
  libraryPackages,
  packageClosure,
  RUNTIME_PACKAGE,
  type LockedPackages,
} from './runtime-packages.ts';

const REQUIRED = [
  'dist',
  'media',
  'models',
  'native/build/Release/foretoken.node',
  'package.nls.json',
  'README.md',
  'LICENSE',
  '.vscodeignore',
];
const OPTIONAL = ['CHANGELOG.md', 'l10n', 'docs/images'];

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export function stageVsix(target: string): string {
  const stage = path.join(cacheDirectory, 'vsix-stage');
  rmSync(stage, { recursive: true, force: true });
  ensureDirectory(stage);
  const packages = [RUNTIME_PACKAGE, ...libraryPackages(target)];
  const { packages: locked } = readJson('package-lock.json') as { packages: LockedPackages };
  const optional = OPTIONAL.filter((each) => existsSync(path.join(root, each)));
  for (const each of [...REQUIRED, ...optional, ...packageClosure(packages, locked)]) {
    copyInto(stage, each);
  }
  writeManifest(stage, packages);
  return stage;
}

function copyInto(stage: string, relative: string): void {
  const source = path.join(root, relative);
  if (!existsSync(source)) throw new Error(`${relative} is missing: build first (npm run build).`);
  // Nested packages are listed for themselves.
  const nested = path.join(source, 'node_modules');
  cpSync(source, path.join(stage, relative), {
    recursive: true,
    filter: (file) => file !== nested && !file.startsWith(nested + path.sep),
  });
}

/** Dependencies that are bundled would only be looked for in vain. */
function writeManifest(stage: string, packages: readonly string[]): void {
  const manifest = readJson('package.json') as Manifest;
  const version = manifest.dependencies[RUNTIME_PACKAGE];
  const shipped = {
    ...manifest,
    scripts: undefined,
    devDependencies: undefined,
    dependencies: Object.fromEntries(packages.map((name) => [name, version])),
  };
  writeFileSync(path.join(stage, 'package.json'), JSON.stringify(shipped, undefined, 2));
}

function readJson(relative: string): unknown {
  return JSON.parse(readFileSync(path.join(root, relative), 'utf8'));
}
