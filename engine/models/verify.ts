import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { EngineFailure } from '../engine-failure.ts';

/** What the server said about a file before it sent it; null = it did not say. */
export interface StatedFile {
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
}

export type VerifiedBy = 'sha256' | 'size' | 'format';

const MAGIC = 'GGUF';

/**
 * Checks a complete download, cheapest first.
 * @throws EngineFailure 'download-damaged'
 */
export async function verifyFile(
  file: string,
  stated: StatedFile,
  signal: AbortSignal,
  onProgress: (doneBytes: number) => void,
): Promise<VerifiedBy> {
  const { size } = await stat(file);
  if (stated.sizeBytes !== null && stated.sizeBytes !== size) {
    throw damaged(`it has ${size} bytes instead of ${stated.sizeBytes}`);
  }
  if ((await firstBytes(file, MAGIC.length)) !== MAGIC) {
    throw damaged('it is not a GGUF file: the server may have sent an error page');
  }
  if (stated.sha256 === null) return stated.sizeBytes === null ? 'format' : 'size';
  const actual = await sha256(file, signal, onProgress);
  if (actual !== stated.sha256) throw damaged('its SHA-256 is not the one that the server states');
  return 'sha256';
}

async function sha256(
  file: string,
  signal: AbortSignal,
  onProgress: (doneBytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: 1 << 20, signal });
  for await (const chunk of chunks) {
    hash.update(chunk);
    onProgress((done += chunk.length));
  }
  return hash.digest('hex');
}

async function firstBytes(file: string, count: number): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function damaged(why: string): EngineFailure {
  const message = `The downloaded file was damaged and has been removed: ${why}. Download it again.`;
  return new EngineFailure('download-damaged', message);
}
