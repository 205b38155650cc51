/** A VS Code on the desktop, started with a profile of its own. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './run.ts';
import { findProgram } from './system-packages.ts';

/** There it is not on PATH unless asked for. */
const MAC_CODE = '/Applications/Visual Studio Code.app/Contents/Resources/app/bin/code';

/** The `code` command; null where there is none or nothing to show a window on. */
export function findDesktopCode(): string | null {
  const display = process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'];
  if (process.platform === 'linux' && display === undefined) return null;
  // In the terminal of a remote window `code` only talks to that window.
  if (process.env['VSCODE_IPC_HOOK_CLI'] !== undefined) return null;
  const names = process.platform === 'win32' ? ['code.cmd', 'codium.cmd'] : ['code', 'codium'];
  return findProgram(names) ?? (existsSync(MAC_CODE) ? MAC_CODE : null);
}

/** Opens the folder with the extension installed; resolves when its window is closed. */
export async function openDesktopCode(code: string, folder: string, vsix: string): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'foretoken-'));
  const profile = [
    ...['--user-data-dir', path.join(home, 'ud')],
    ...['--extensions-dir', path.join(home, 'ext')],
  ];
  try {
    await run(code, [...profile, '--install-extension', vsix], {
      log: path.join(home, 'install.log'),
    });
    console.log(
      '\nVS Code with Foretoken opens: open a file and type. Closing its window ends this.',
    );
    await run(code, [...profile, '--new-window', '--wait', '--disable-workspace-trust', folder]);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
