import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { EngineFailure, toEngineError } from '../engine-failure.ts';
import type { DownloadOutcome, DownloadProgress } from '../protocol.ts';
import { fileNameOf, type CatalogueModel } from './catalogue.ts';
import { failureOf, stalled } from './download-failure.ts';
import type { DownloadMessage, DownloadTask } from './download-messages.ts';
import { acquireLock } from './lock.ts';
import { verifyFile, type StatedFile } from './verify.ts';

export type ProgressListener = (progress: Omit<DownloadProgress, 'downloadId'>) => void;

export interface DownloadOptions {
  readonly model: Pick<CatalogueModel, 'id' | 'uri'>;
  readonly folder: string;
  /** Path of dist/download-worker.cjs. */
  readonly workerEntry: string;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
  /** Without a byte for so long the network counts as gone. */
  readonly stallMs?: number;
}

const STALL_MS = 30_000;

/** Below the models folder: what is not complete and verified never has a model's name. */
const PARTIAL_FOLDER = '.partial';
const PARTIAL_EXTENSION = '.ipull';

/**
 * Downloads a model into `folder`. What has arrived stays when the download is cancelled, when the
 * network fails or the process ends, and the next one goes on from there; a damaged file is removed,
 * and so is one that has filled the disk.
 */
export async function downloadModel(options: DownloadOptions): Promise<DownloadOutcome> {
  const { model, folder, signal } = options;
  const partialFolder = path.join(folder, PARTIAL_FOLDER);
  try {
    await mkdir(partialFolder, { recursive: true });
    const release = await acquireLock(path.join(partialFolder, `${model.id}.lock`));
    if (release === null) {
      throw new EngineFailure('download-failed', `${model.id} is being downloaded already.`);
    }
    try {
      return await downloadLocked(options, path.join(partialFolder, fileNameOf(model)));
    } finally {
      await release();
    }
  } catch (error) {
    if (signal.aborted) return { kind: 'cancelled' };
    return { kind: 'failed', error: toEngineError(failureOf(error, folder)) };
  }
}

async function downloadLocked(options: DownloadOptions, partial: string): Promise<DownloadOutcome> {
  const { model, folder, signal, onProgress } = options;
  const target = path.join(folder, fileNameOf(model));
  const stated = await receive(options, partial);
  const { size } = await stat(partial);
  try {
    const verifiedBy = await verifyFile(partial, stated, signal, (doneBytes) => {
      onProgress({ phase: 'verifying', doneBytes, totalBytes: size });
    });
    await rename(partial, target);
    const summary = { name: model.id, path: target, sizeBytes: size, embedded: false };
    return { kind: 'completed', model: summary, verifiedBy };
  } catch (error) {
    if (!signal.aborted) await rm(partial, { force: true });
    throw error;
  }
}

/** Runs the worker thread to its end. Rejects with an EngineFailure, or when cancelled. */
async function receive(options: DownloadOptions, partial: string): Promise<StatedFile> {
  const { model, folder, workerEntry, signal } = options;
  signal.throwIfAborted();
  const task: DownloadTask = {
    uri: model.uri,
    folder: path.dirname(partial),
    fileName: path.basename(partial),
  };
  const worker = new Worker(workerEntry, { workerData: task });
  try {
    return await untilDone(worker, options);
  } catch (error) {
    const failure = failureOf(error, folder);
    if (failure.code === 'disk-full') {
      // The downloader has counted chunks that did not make it: not to be trusted, nor to be kept.
      await worker.terminate();
      await rm(partial, { force: true });
      await rm(partial + PARTIAL_EXTENSION, { force: true });
    }
    throw failure;
  } finally {
    await worker.terminate();
  }
}

/** What the server stated, once the file is there; rejects when that will not be. */
async function untilDone(worker: Worker, options: DownloadOptions): Promise<StatedFile> {
  const { signal, onProgress, stallMs = STALL_MS } = options;
  const over = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      const watchdog = setTimeout(() => {
        reject(stalled(stallMs));
      }, stallMs);
      over.signal.addEventListener('abort', () => {
        clearTimeout(watchdog);
      });
      const abort = (): void => {
        reject(new EngineFailure('download-failed', 'cancelled'));
      };
      signal.addEventListener('abort', abort, { once: true, signal: over.signal });
      worker.on('error', reject);
      worker.on('exit', () => {
        reject(new Error('it ended without a result'));
      });
      let lastBytes = -1;
      worker.on('message', (message: DownloadMessage) => {
        if (message.kind === 'done') resolve(message);
        if (message.kind === 'failed') reject(failureOf(message, options.folder));
        if (message.kind !== 'progress') return;
        const { doneBytes, totalBytes } = message;
        if (doneBytes !== lastBytes) watchdog.refresh();
        lastBytes = doneBytes;
        onProgress({ phase: 'downloading', doneBytes, totalBytes });
      });
    });
  } finally {
    over.abort();
  }
}
