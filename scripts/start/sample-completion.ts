import path from 'node:path';
import { root, sampleWorkspace } from '../lib/paths.ts';
import { run } from '../lib/run.ts';

/** LINE:COLUMN, both from 1. */
const SAMPLE = 'inventory.ts:26:14';

/** Completes one place of the sample workspace through the command line. */
export async function showSampleCompletion(): Promise<void> {
  const place = path.relative(root, path.join(sampleWorkspace, SAMPLE));
  await run(process.execPath, [path.join('dist', 'cli.cjs'), 'complete', place]);
}
