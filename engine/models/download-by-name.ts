import path from 'node:path';
import type { Installation } from '../installation.ts';
import type { DownloadOutcome } from '../protocol.ts';
import { CATALOGUE, findInCatalogue } from './catalogue.ts';
import { downloadModel, type ProgressListener } from './download.ts';
import { listModels } from './resolve.ts';

/** Downloads a model of the catalogue, unless it is there. */
export async function downloadByName(
  name: string,
  installation: Installation,
  signal: AbortSignal,
  onProgress: ProgressListener,
): Promise<DownloadOutcome> {
  const model = findInCatalogue(name);
  if (model === undefined) {
    const known = CATALOGUE.map(({ id }) => id).join(', ');
    const message = `There is no model "${name}" to download: known names are ${known}.`;
    return { kind: 'failed', error: { code: 'invalid-request', message } };
  }
  const installed = (await listModels(installation)).find(
    (each) => !each.embedded && each.name === name,
  );
  // It was verified before it got its name.
  if (installed !== undefined) return { kind: 'completed', model: installed, verifiedBy: 'format' };
  return downloadModel({
    model,
    folder: installation.modelsFolder,
    workerEntry: path.join(installation.root, 'dist', 'download-worker.cjs'),
    signal,
    onProgress,
  });
}
