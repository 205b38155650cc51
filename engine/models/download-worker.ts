/**
 * Entry point of the worker thread that downloads one file with node-llama-cpp's downloader. A
 * thread of its own, because the downloader does not handle every rejection (a full disk ends as an
 * unhandled one, which would end the engine), retries for many minutes, and cannot be cancelled
 * before it has reached the server. Here all of that ends with the thread.
 */
import { statfs } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { ModelDownloader } from 'node-llama-cpp';
import type { DownloadMessage, DownloadTask } from './download-messages.ts';
import { probe } from './probe.ts';

const PROGRESS_INTERVAL_MS = 200;

function tell(message: DownloadMessage): void {
  parentPort?.postMessage(message);
}

function fail(error: unknown): void {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  tell({
    kind: 'failed',
    status: typeof statusCode === 'number' ? statusCode : null,
    code: typeof code === 'string' ? code : null,
    message: error instanceof Error ? error.message : String(error),
  });
}

/** The file's address, which the downloader knows and has no public name for. */
function addressOf(downloader: ModelDownloader): string | null {
  const { _modelUrl } = downloader as unknown as { readonly _modelUrl?: unknown };
  return typeof _modelUrl === 'string' ? _modelUrl : null;
}

async function run({ uri, folder, fileName }: DownloadTask): Promise<void> {
  const { createModelDownloader } = await import('node-llama-cpp');
  let told = 0;
  const downloader = await createModelDownloader({
    modelUri: uri,
    dirPath: folder,
    fileName,
    showCliProgress: false,
    deleteTempFileOnCancel: false,
    onProgress: ({ downloadedSize, totalSize }) => {
      if (Date.now() - told < PROGRESS_INTERVAL_MS) return;
      told = Date.now();
      tell({ kind: 'progress', doneBytes: downloadedSize, totalBytes: totalSize || null });
    },
  });
  const address = addressOf(downloader);
  const stated = address === null ? null : await probe(address);
  if (stated !== null && stated.status >= 400 && stated.status < 500 && stated.status !== 405) {
    throw Object.assign(new Error(`HTTP ${stated.status}`), { statusCode: stated.status });
  }
  const { totalSize, downloadedSize } = downloader;
  tell({ kind: 'progress', doneBytes: downloadedSize, totalBytes: totalSize || null });
  await checkSpace(folder, totalSize - downloadedSize);
  await downloader.download();
  const sizeBytes = stated?.sizeBytes ?? (totalSize > 0 ? totalSize : null);
  tell({ kind: 'done', sizeBytes, sha256: stated?.sha256 ?? null });
}

/** Better now than after an hour. */
async function checkSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= neededBytes) return;
  throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
}

process.on('unhandledRejection', fail);
run(workerData as DownloadTask).catch(fail);
