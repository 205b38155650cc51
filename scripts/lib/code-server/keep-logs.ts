import { cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { CodeServer } from './launch.ts';

/** Copies what the server, the extension host and the extensions logged, before it is removed. */
export function keepLogs(server: CodeServer, destination: string): void {
  rmSync(destination, { recursive: true, force: true });
  for (const each of ['ud/logs', 'server.log']) {
    const source = path.join(server.home, each);
    if (!existsSync(source)) continue;
    cpSync(source, path.join(destination, path.basename(each)), { recursive: true });
  }
}
