/**
 * `npm start`: from a fresh clone to a VS Code with Foretoken in it. A sample is completed in the
 * terminal first, so that the main thing is seen even where no browser or editor can be opened.
 *
 * --exit: end as soon as the editor answers (for tests).
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { buildBundles, buildNative } from './lib/build.ts';
import { installCodeServer, isCodeServerInstalled } from './lib/code-server/install.ts';
import { launchCodeServer } from './lib/code-server/launch.ts';
import { findDesktopCode, openDesktopCode } from './lib/desktop-code.ts';
import { copySampleWorkspace } from './lib/sample-workspace.ts';
import { reportFailure, stage } from './lib/stages.ts';
import { showSampleCompletion } from './start/sample-completion.ts';
import { packageVsix } from './vsix/package-vsix.ts';

async function start(exitSoon: boolean): Promise<void> {
  await buildNative();
  await buildBundles();
  await showSampleCompletion();
  const { file } = await stage('package', packageVsix);
  const folder = copySampleWorkspace();
  try {
    const code = exitSoon ? null : findDesktopCode();
    if (code === null) await serveInBrowser(folder, file, exitSoon);
    else await openDesktopCode(code, folder, file);
  } finally {
    rmSync(path.dirname(folder), { recursive: true, force: true });
  }
}

async function serveInBrowser(folder: string, vsix: string, exitSoon: boolean): Promise<void> {
  if (!isCodeServerInstalled()) await stage('code-server (VS Code)', installCodeServer);
  const server = await stage('start', () => launchCodeServer({ folder, extensions: [vsix] }));
  console.log(`\nVS Code with Foretoken: ${server.url}`);
  try {
    if (exitSoon) return;
    console.log('Open it in a browser, open a file and type. Ctrl+C ends it.');
    await Promise.race([interrupted(), server.exited]);
  } finally {
    await server.stop();
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
}

try {
  await start(process.argv.includes('--exit'));
} catch (error) {
  reportFailure(error);
}
