/** A server of one file, with the faults that a real download meets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Behaviour {
  readonly body: Buffer;
  /** Answer with this status and no file. */
  readonly status?: number;
  /** False: ignore Range and say so. */
  readonly ranges?: boolean;
  /** Headers of the redirect in front of the file, as Hugging Face has it; absent: no redirect. */
  readonly linked?: { readonly sha256: string; readonly sizeBytes: number };
  /** Ends the connection in the middle of an answer: once so many bytes of the file were sent... */
  readonly cutAfterBytes?: number;
  /** ...so often. */
  readonly cuts?: number;
  /** Stops sending for good after so many bytes, with the connection open. */
  readonly hangAfterBytes?: number;
  readonly bytesPerSecond?: number;
}

const PIECE_BYTES = 64 * 1024;
const FILE = '/stored';

export class FileServer {
  behaviour: Behaviour;
  /** Bytes of the file sent in answer to GET requests with a range, or without where there are none. */
  sentBytes = 0;
  readonly requests: string[] = [];
  readonly #server: Server;
  #cuts = 0;

  constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  /** Starts on a free port; resolves to the address, with a slash at its end. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  set(behaviour: Behaviour): void {
    this.behaviour = behaviour;
    this.sentBytes = 0;
    this.#cuts = 0;
    this.requests.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { linked, status, ranges = true, body } = this.behaviour;
    this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (status !== undefined) {
      response.writeHead(status).end('<html>no such thing</html>');
      return;
    }
    if (linked !== undefined && request.url !== FILE) {
      const headers = { 'x-linked-etag': `"${linked.sha256}"`, 'x-linked-size': linked.sizeBytes };
      response.writeHead(302, { location: FILE, ...headers }).end();
      return;
    }
    const range = ranges ? /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') : null;
    const from = Number(range?.[1] ?? 0);
    const to = Math.min(Number(range?.[2] ?? body.length - 1), body.length - 1);
    response.writeHead(range === null ? 200 : 206, {
      'content-length': to - from + 1,
      ...(ranges ? { 'accept-ranges': 'bytes' } : {}),
      ...(range === null ? {} : { 'content-range': `bytes ${from}-${to}/${body.length}` }),
    });
    if (request.method === 'HEAD') response.end();
    else await this.#send(response, body.subarray(from, to + 1), range !== null || !ranges);
  }

  async #send(response: ServerResponse, body: Buffer, counts: boolean): Promise<void> {
    for (let sent = 0; sent < body.length; sent += PIECE_BYTES) {
      const { cutAfterBytes, cuts = 1, hangAfterBytes, bytesPerSecond } = this.behaviour;
      if (response.destroyed) return;
      const isFull = (limit = Infinity): boolean => counts && this.sentBytes >= limit;
      if (isFull(hangAfterBytes)) return;
      if (isFull(cutAfterBytes) && this.#cuts < cuts) {
        this.#cuts += 1;
        response.destroy();
        return;
      }
      const piece = body.subarray(sent, sent + PIECE_BYTES);
      if (counts) this.sentBytes += piece.length;
      if (!response.write(piece)) await drained(response);
      if (bytesPerSecond !== undefined && counts) {
        await new Promise((resolve) => setTimeout(resolve, (1000 * piece.length) / bytesPerSecond));
      }
    }
    response.end();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
