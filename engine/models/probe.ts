import type { StatedFile } from './verify.ts';

export interface Probe extends StatedFile {
  /** The answer's status, 0 where there was none. */
  readonly status: number;
}

const MOST_REDIRECTS = 5;
const UNKNOWN: Probe = { status: 0, sizeBytes: null, sha256: null };

/**
 * Asks what a server says of a file. Hugging Face states size and SHA-256 in the headers of its
 * redirect to the storage that has the file, hence every hop is looked at. An answer that helps
 * nobody is no error here: the download itself will tell.
 */
export async function probe(address: string): Promise<Probe> {
  let found = UNKNOWN;
  let next: string | null = address;
  for (let hop = 0; next !== null && hop <= MOST_REDIRECTS; hop += 1) {
    const response: Response = await fetch(next, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
    });
    const { status, headers } = response;
    const location = status >= 300 && status < 400 ? headers.get('location') : null;
    found = {
      status,
      sha256: found.sha256 ?? checksum(headers),
      sizeBytes: found.sizeBytes ?? size(headers, location === null && response.ok),
    };
    next = location === null ? null : new URL(location, next).href;
  }
  return found;
}

/** The ETag of a file in LFS or Xet storage is its SHA-256; others are shorter. */
function checksum(headers: Headers): string | null {
  const tag = headers.get('x-linked-etag') ?? headers.get('etag') ?? '';
  return /^(?:W\/)?"?([0-9a-f]{64})"?$/.exec(tag)?.[1] ?? null;
}

function size(headers: Headers, isFile: boolean): number | null {
  const text = headers.get('x-linked-size') ?? (isFile ? headers.get('content-length') : null);
  const value = Number(text ?? Number.NaN);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}
