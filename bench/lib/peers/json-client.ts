import { Agent, request } from 'node:http';

/** Requests to one server on this machine, one after the other, over a connection that stays open. */
export class JsonClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, noDelay: true });

  constructor(port: number) {
    this.#port = port;
  }

  get(path: string): Promise<unknown> {
    return this.#send('GET', path, '');
  }

  post(path: string, body: unknown): Promise<unknown> {
    return this.#send('POST', path, JSON.stringify(body));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body: string): Promise<unknown> {
    const { status, text } = await new Promise<{ status: number; text: string }>(
      (resolve, reject) => {
        const headers = {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        };
        const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent };
        const sent = request({ ...options, method, path, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, text });
          });
        });
        sent.on('error', reject);
        sent.end(body);
      },
    );
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as unknown;
  }
}
