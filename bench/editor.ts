/**
 * `npm run bench:editor`: what a keystroke costs the extension host of a real VS Code, and how long
 * ghost text takes there. Runs the packaged extension by the way of the host tests.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildBundles, buildNative } from '../scripts/lib/build.ts';
import { installCodeServer, isCodeServerInstalled } from '../scripts/lib/code-server/install.ts';
import { ensureDirectory, root, testOutputDirectory } from '../scripts/lib/paths.ts';
import { stage } from '../scripts/lib/stages.ts';
import { CHROMIUM, ensureSystemPackages } from '../scripts/lib/system-packages.ts';
import { packageVsix } from '../scripts/vsix/package-vsix.ts';
import { describeMachine } from './lib/machine.ts';

await buildNative();
await buildBundles();
const { file: vsix } = await stage('package', packageVsix);
await ensureSystemPackages([CHROMIUM]);
if (!isCodeServerInstalled()) await stage('code-server (VS Code)', installCodeServer);

const machine = describeMachine();
const results = path.join(ensureDirectory(testOutputDirectory), 'bench-editor.json');
const { status } = spawnSync('npx', ['tsx', path.join(root, 'test', 'host', 'run.ts')], {
  stdio: 'inherit',
  env: {
    ...process.env,
    FORETOKEN_VSIX: vsix,
    FORETOKEN_HOST_RESULTS: results,
    FORETOKEN_HOST_SUITE: 'bench',
  },
});
if (status !== 0) throw new Error('The editor ended without a result.');
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine,
  ...(JSON.parse(readFileSync(results, 'utf8')) as object),
};
const text = `${JSON.stringify(report, null, 2)}\n`;
writeFileSync(path.join(root, 'bench', 'results', 'editor.json'), text);
console.log(text);
