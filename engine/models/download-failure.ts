import { EngineFailure } from '../engine-failure.ts';

const AGAIN = 'Download it again to go on from where it stopped';

/** Whatever a download dies of, as one sentence for the user. */
export function failureOf(error: unknown, folder: string): EngineFailure {
  if (error instanceof EngineFailure) return error;
  const { status, code, message } = error as Readonly<Record<string, unknown>>;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return failed(`The folder ${folder} cannot be written to: check permissions.`);
  }
  if (typeof status === 'number') return failed(statusText(status));
  const reason = typeof message === 'string' ? message : String(error);
  return failed(`The download failed (${reason}). ${AGAIN}.`);
}

export function diskFull(folder: string): EngineFailure {
  return new EngineFailure(
    'disk-full',
    `The disk of ${folder} is full: free some space, then download the model again.`,
  );
}

export function stalled(afterMs: number): EngineFailure {
  return failed(
    `No data came for ${Math.round(afterMs / 1000)} s: check the network connection. ${AGAIN}.`,
  );
}

function statusText(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `The server wants an account for this model (HTTP ${status}): download the GGUF file in a browser and set foretoken.model to its path.`;
    case 404:
    case 410:
      return `The model is no longer where it was (HTTP ${status}): choose another one, or set foretoken.model to a GGUF file of your own.`;
    default:
      return `The server answered with HTTP ${status}. Try again later.`;
  }
}

function failed(message: string): EngineFailure {
  return new EngineFailure('download-failed', message);
}
