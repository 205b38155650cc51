/**
 * Runs `scripts/NAME.ts`, on a fresh clone too: the npm packages are installed first where they are
 * missing or not those of the lockfile. This file must do without any package.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { missingPackages } from './lib/lockfile.mjs';

const root = new URL('../', import.meta.url);

function readJson(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, root), 'utf8'));
  } catch {
    return {};
  }
}

function installPackages() {
  const missing = missingPackages(
    readJson('package-lock.json'),
    readJson('node_modules/.package-lock.json'),
  );
  if (missing.length === 0) return;
  const started = performance.now();
  const npm = process.env.npm_execpath;
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const result = spawnSync(
    command,
    [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], shell: npm === undefined },
  );
  if (result.status !== 0) {
    console.error('`npm ci` failed: the registry of npm packages has to be reachable.');
    process.exit(1);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`✓ ${'npm packages'.padEnd(52)} ${seconds} s`);
}

const [name = '', ...args] = process.argv.slice(2);
installPackages();
process.argv = [process.argv[0] ?? 'node', name, ...args];
const { tsImport } = await import('tsx/esm/api');
await tsImport(`./${name}.ts`, import.meta.url);
