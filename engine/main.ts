/**
 * Entry point of the engine process. Started by fork (engine/client/), it speaks the protocol over
 * the fork's IPC channel and ends when its parent does.
 */
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { findInstallation } from './installation.ts';
import { serve } from './server.ts';

if (process.send === undefined) {
  console.error('This is the engine process: start it through the extension or npx foretoken.');
  process.exit(2);
}
const connection = createMessageConnection(
  new IPCMessageReader(process),
  new IPCMessageWriter(process),
);
const engine = serve(connection, findInstallation());
process.on('disconnect', () => {
  // A running decode holds on to a worker thread; exiting releases everything at once.
  void engine.unload().finally(() => process.exit(0));
  setTimeout(() => process.exit(0), EXIT_GRACE_MS).unref();
});

/** What a parent that is gone may cost: then the process ends whatever it still does. */
const EXIT_GRACE_MS = 2000;
