import { fork, type ChildProcess } from 'node:child_process';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { FOLDER_VARIABLE } from '../models/folder.ts';

/** A running engine: the process and the connection to it. */
export interface EngineProcess {
  readonly pid: number | undefined;
  readonly connection: MessageConnection;
  /** Resolves once, when the process has ended, to a few words on how. */
  readonly ended: Promise<string>;
  kill(): void;
}

export interface EngineProcessOptions {
  readonly entry: string;
  readonly modelsFolder?: string;
}

/** Lines of the engine's own output; with a healthy engine there are none. */
export type OutputListener = (line: string) => void;

/**
 * Forward passes run in libuv's thread pool. With one thread they all run on the same core, whose cache
 * then holds the weights; rotating among four, a pass over two rows took up to 1.6 times as long.
 */
const ONE_WORKER = { UV_THREADPOOL_SIZE: '1' };

/**
 * Forks the engine. Inside VS Code the executable is Electron, which runs as plain Node here; the
 * editor's own flags (a debugger's, say) are not passed on.
 */
export function startEngineProcess(
  { entry, modelsFolder }: EngineProcessOptions,
  onOutput: OutputListener,
): EngineProcess {
  const folder = modelsFolder === undefined ? {} : { [FOLDER_VARIABLE]: modelsFolder };
  const child = fork(entry, [], {
    execArgv: [],
    env: { ...process.env, ...folder, ...ONE_WORKER, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = whenEnded(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line.trim() !== '') onOutput(line);
    });
  }
  const connection = createMessageConnection(
    new IPCMessageReader(child),
    new IPCMessageWriter(child),
  );
  connection.onError(([error]) => {
    onOutput(`connection: ${error.message}`);
  });
  connection.listen();
  return { pid: child.pid, connection, ended, kill: () => child.kill('SIGKILL') };
}

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `exit code ${code ?? 'unknown'}` : `killed by ${signal}`);
    });
  });
}
