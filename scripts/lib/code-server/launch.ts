/** Starts code-server on the loopback interface with a profile of its own, and stops it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureDirectory } from '../paths.ts';
import { run, tailOf } from '../run.ts';
import { installCodeServer, type CodeServerInstallation } from './install.ts';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 200;

export interface CodeServerOptions {
  /** Folder opened in the workbench. */
  readonly folder: string;
  /** Packages installed before the start. */
  readonly extensions: readonly string[];
  /** User settings, on top of those that keep the workbench quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
}

export interface CodeServer {
  readonly port: number;
  /** Opens the folder. */
  readonly url: string;
  /** Profile, extensions and logs; removed by `stop`. */
  readonly home: string;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
};

export async function launchCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const installation = await installCodeServer();
  // Short, as it will hold a Unix socket, whose path may have about 100 characters.
  const home = mkdtempSync(path.join(tmpdir(), 'foretoken-'));
  const env = { ...cleanEnvironment(), ...options.env };
  writeProfile(home, { ...QUIET_SETTINGS, ...options.settings });
  for (const extension of options.extensions) {
    const log = path.join(home, 'install.log');
    const args = [installation.entry, ...profileArguments(home), '--install-extension', extension];
    await run(installation.node, args, { env, log, cwd: home });
  }

  const port = await freePort();
  const child = start(
    installation,
    [...serverArguments(home, port), ...(options.args ?? [])],
    env,
    home,
  );
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const server: CodeServer = {
    port,
    url: `http://127.0.0.1:${port}/?folder=${encodeURIComponent(options.folder)}`,
    home,
    exited,
    stop: async () => {
      await stopGroup(child, exited);
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
  await untilHealthy(server, child);
  return server;
}

function writeProfile(home: string, settings: Readonly<Record<string, unknown>>): void {
  const user = ensureDirectory(path.join(home, 'ud', 'User'));
  writeFileSync(path.join(user, 'settings.json'), JSON.stringify(settings, undefined, 2));
  writeFileSync(path.join(home, 'config.yaml'), 'auth: none\n');
}

function profileArguments(home: string): string[] {
  return [
    ...['--config', path.join(home, 'config.yaml')],
    ...['--user-data-dir', path.join(home, 'ud')],
    ...['--extensions-dir', path.join(home, 'ext')],
  ];
}

function serverArguments(home: string, port: number): string[] {
  return [
    ...profileArguments(home),
    ...['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none'],
    ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
    ...['--disable-getting-started-override', '--ignore-last-opened'],
  ];
}

/** Nothing of the editor or the hosting this may run in, and no extension gallery to ask. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|npm_)|^(PORT|PASSWORD|NODE_OPTIONS)$/.test(name),
  );
  return { ...Object.fromEntries(kept), EXTENSIONS_GALLERY: '{}' };
}

function start(
  { node, entry }: CodeServerInstallation,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  home: string,
): ChildProcess {
  const log = openSync(path.join(home, 'server.log'), 'w');
  // A process group of its own, so that extension hosts and engines end with it.
  const child = spawn(node, [entry, ...args], {
    cwd: home,
    env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  return child;
}

async function untilHealthy(server: CodeServer, child: ChildProcess): Promise<void> {
  const limit = performance.now() + START_LIMIT_MS;
  while (performance.now() < limit && child.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${server.port}/healthz`).catch(() => null);
    if (response?.ok === true) return;
    await delay(POLL_MS);
  }
  const output = tailOf(path.join(server.home, 'server.log'));
  await server.stop();
  throw new Error(`code-server did not start.\n${output}`);
}

async function stopGroup(child: ChildProcess, exited: Promise<void>): Promise<void> {
  signalGroup(child, 'SIGTERM');
  await Promise.race([exited, delay(STOP_LIMIT_MS, undefined, { ref: false })]);
  // Also what outlived the server itself.
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('No free port.'));
      });
    });
  });
}
