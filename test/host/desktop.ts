/** The route through @vscode/test-electron. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  downloadAndUnzipVSCode,
  resolveCliArgsFromVSCodeExecutablePath,
  runTests,
} from '@vscode/test-electron';
import { cacheDirectory } from '../../scripts/lib/paths.ts';
import type { HostRun } from './run.ts';

const DOWNLOAD_LIMIT_MS = 15_000;

/** The editor's executable; null where none can be had. */
export async function findDesktopEditor(): Promise<string | null> {
  const named = process.env['VSCODE_EXECUTABLE_PATH'];
  if (named !== undefined && named !== '') return named;
  const display = process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'];
  if (process.platform === 'linux' && display === undefined) return null;
  try {
    const cachePath = path.join(cacheDirectory, 'vscode-test');
    return await downloadAndUnzipVSCode({ cachePath, timeout: DOWNLOAD_LIMIT_MS });
  } catch (error) {
    console.log(`VS Code could not be downloaded: ${String(error)}`);
    return null;
  }
}

export async function runInDesktopEditor(editor: string, request: HostRun): Promise<number> {
  const home = mkdtempSync(path.join(tmpdir(), 'foretoken-'));
  const profile = [`--user-data-dir=${home}/ud`, `--extensions-dir=${home}/ext`];
  try {
    installExtension(editor, [...profile, '--install-extension', request.vsix]);
    return await runTests({
      vscodeExecutablePath: editor,
      extensionDevelopmentPath: request.testExtension,
      extensionTestsPath: request.suite,
      extensionTestsEnv: request.env,
      launchArgs: [request.workspace, ...profile, '--disable-workspace-trust'],
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function installExtension(editor: string, args: readonly string[]): void {
  const [command = editor, ...first] = resolveCliArgsFromVSCodeExecutablePath(editor, {
    reuseMachineInstall: true,
  });
  const { status, error } = spawnSync(command, [...first, ...args], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`${editor} could not install the VSIX. ${error?.message ?? ''}`);
}
