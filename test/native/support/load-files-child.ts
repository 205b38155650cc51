/**
 * Run as a process of its own: loads, and where possible runs, one file after the other and says
 * what came of each. A file that ends the process leaves its line without an outcome.
 */
import { failure, loadModel, openAddon, SMALL_CONTEXT } from './native.ts';

async function tryFile(path: string): Promise<void> {
  const model = await loadModel(path);
  try {
    const context = await model.createContext({ ...SMALL_CONTEXT, contextLength: 64 });
    const tokens = Int32Array.from([1, 2, 3]);
    await context.decode({ tokens, sequence: 0, position: 0, outputs: 1, topK: 1 });
  } finally {
    await model.dispose();
  }
}

await openAddon();
for (const path of process.argv.slice(2)) {
  process.stdout.write(`\n${path}\t`);
  process.stdout.write(await failure(() => tryFile(path)));
}
process.stdout.write('\n');
