/** Formats native/src: --check reports files that differ, --write rewrites them. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native', 'src');
const mode = process.argv[2];
if (mode !== '--check' && mode !== '--write') {
  console.error('Usage: node scripts/clang-format.mjs --check | --write');
  process.exit(2);
}

const files = readdirSync(source)
  .filter((name) => /\.(h|cpp)$/.test(name))
  .map((name) => join(source, name));
const flags = mode === '--check' ? ['--dry-run', '--Werror'] : ['-i'];
const result = spawnSync('clang-format', [...flags, ...files], { stdio: 'inherit' });
if (result.error) {
  console.log('native/src: skipped, clang-format is not installed.');
} else {
  process.exitCode = result.status ?? 1;
}
