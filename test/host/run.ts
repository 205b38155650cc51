/**
 * Runs the host suite (test/host/suite) inside a real extension host, against the packaged VSIX.
 *
 * Which editor: VSCODE_EXECUTABLE_PATH if set; else a VS Code downloaded by @vscode/test-electron,
 * where there is a display and the download works; else code-server. The suite writes its results to
 * the file named by FORETOKEN_HOST_RESULTS; without that file no route counts as a success.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureDirectory, root, testOutputDirectory } from '../../scripts/lib/paths.ts';
import { run } from '../../scripts/lib/run.ts';
import { copySampleWorkspace } from '../../scripts/lib/sample-workspace.ts';
import { findDesktopEditor, runInDesktopEditor } from './desktop.ts';
import { runInCodeServer } from './in-code-server.ts';

export interface HostRun {
  readonly vsix: string;
  readonly workspace: string;
  /** Holds the tests only; Foretoken itself is installed from its VSIX. */
  readonly testExtension: string;
  /** The bundle that exports run(). */
  readonly suite: string;
  readonly env: Readonly<Record<string, string>>;
}

async function main(): Promise<number> {
  const results = process.env['FORETOKEN_HOST_RESULTS'];
  const vsix = process.env['FORETOKEN_VSIX'];
  if (results === undefined || vsix === undefined) {
    throw new Error('Run this through `npm run test:host`, which packs the VSIX first.');
  }
  await run('npx', ['webpack', '--env', 'host']);
  const workspace = copySampleWorkspace();
  const request: HostRun = {
    vsix,
    workspace,
    testExtension: writeTestExtension(),
    suite: path.join(
      root,
      'dist-test',
      'host',
      `${process.env['FORETOKEN_HOST_SUITE'] ?? 'index'}.cjs`,
    ),
    env: { FORETOKEN_HOST_RESULTS: results },
  };
  try {
    return await runSomewhere(request);
  } finally {
    rmSync(path.dirname(workspace), { recursive: true, force: true });
    if (!existsSync(results)) console.error('The editor ended without test results.');
  }
}

async function runSomewhere(request: HostRun): Promise<number> {
  const editor = await findDesktopEditor();
  if (editor !== null) return runInDesktopEditor(editor, request);
  console.log('No desktop VS Code can be run here: the suite runs in code-server.');
  return runInCodeServer(request);
}

/** An extension that does nothing: the editor wants one under development to run tests. */
function writeTestExtension(): string {
  const folder = ensureDirectory(path.join(testOutputDirectory, 'host', 'test-extension'));
  const manifest = {
    name: 'foretoken-host-tests',
    publisher: 'foretoken',
    version: '0.0.0',
    engines: { vscode: '^1.100.0' },
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

process.exitCode = await main();
