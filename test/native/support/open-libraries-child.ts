/** Run as a process of its own: opens one directory after the other and prints what came of it. */
import { loadAddon } from '../../../engine/native/load-addon.ts';
import { failure, root } from './native.ts';

const addon = loadAddon(root);
for (const directory of process.argv.slice(2)) {
  console.log(await failure(() => addon.openLibraries(directory)));
}
