import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { EngineClient } from '../../engine/client/engine-client.ts';
import { createEngineClient } from '../../engine/client/create-engine-client.ts';
import { downloadModel } from '../../engine/models/download.ts';
import type { DownloadOutcome, DownloadProgress, ModelsReport } from '../../engine/protocol.ts';
import { FileServer } from '../support/http-server.ts';
import { CLI, completed, CPU, ENGINE, NEVER, request, ROOT, temporaryFolder } from './support.ts';

const NAME = 'qwen2.5-coder-0.5b';
const EMBEDDED = path.join(ROOT, 'models', 'foretoken-code-6m.Q8_0.gguf');
const MIB = 2 ** 20;

/** What the downloader asks for at a time: a resumed download can only be shorter in whole chunks. */
const CHUNK_BYTES = 5 * MIB;

const WORKER = path.join(ROOT, 'dist', 'download-worker.cjs');

/** The worker on a disk with room for 6 MB: then every write fails as the kernel would have it. */
const FULL_DISK = `
  const { open } = require('node:fs/promises');
  (async () => {
    const handle = await open(__filename);
    const prototype = Object.getPrototypeOf(handle);
    await handle.close();
    const { write } = prototype;
    let written = 0;
    prototype.write = function (bytes, ...rest) {
      written += bytes.length;
      if (written < 6e6) return write.call(this, bytes, ...rest);
      return Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    };
    require(${JSON.stringify(WORKER)});
  })();
`;

const scratch = temporaryFolder();

/** Looks like a model to everything that does not load it. */
function fakeModel(sizeBytes: number): Buffer {
  const body = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 4) body.writeUInt32LE((at * 2654435761) % 2 ** 32, at);
  body.write('GGUF');
  return body;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const statedTruly = (body: Buffer) => ({ sha256: sha256(body), sizeBytes: body.length });

function failure(outcome: DownloadOutcome): string {
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome));
  return 'error' in outcome ? `${outcome.error.code}: ${outcome.error.message}` : '';
}

describe('engine: downloading a model', function () {
  this.timeout(60_000);
  const body = fakeModel(8 * CHUNK_BYTES);
  const server = new FileServer({ body });
  let folder: string;
  let client: EngineClient;

  before(async () => {
    // The way that users of a mirror have; the engine process inherits it.
    process.env['HF_ENDPOINT'] = await server.listen();
  });

  after(async () => {
    delete process.env['HF_ENDPOINT'];
    await server.close();
  });

  beforeEach(() => {
    folder = mkdtempSync(path.join(scratch, 'models-'));
    client = createEngineClient({ entry: ENGINE, modelsFolder: folder });
  });

  afterEach(() => client.dispose());

  const target = () => path.join(folder, `${NAME}.gguf`);
  const partialBytes = () =>
    readdirSync(path.join(folder, '.partial')).filter((name) => !name.endsWith('.lock'));

  /** A download that waits for so many bytes, and is then aborted. */
  function cancelAfter(bytes: number): Promise<DownloadOutcome> {
    const controller = new AbortController();
    return client.downloadModel(NAME, controller.signal, ({ doneBytes }) => {
      if (doneBytes >= bytes) controller.abort();
    });
  }

  /** Without an engine around it. */
  function downloadDirectly(workerEntry: string, stallMs = 20_000): Promise<DownloadOutcome> {
    return downloadModel({
      model: { id: NAME, uri: 'hf:owner/repository/file.gguf' },
      folder,
      workerEntry,
      signal: NEVER,
      onProgress: () => undefined,
      stallMs,
    });
  }

  it('with progress, checked against the SHA-256 that the server states', async () => {
    server.set({ body, linked: statedTruly(body), bytesPerSecond: 20 * MIB });
    const progress: DownloadProgress[] = [];
    const outcome = await client.downloadModel(NAME, NEVER, (each) => progress.push(each));
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    assert.equal(outcome.verifiedBy, 'sha256');
    assert.equal(outcome.model.path, target());
    assert.ok(readFileSync(target()).equals(body));
    assert.deepEqual(partialBytes(), []);
    const downloading = progress.filter((each) => each.phase === 'downloading');
    assert.ok(downloading.length > 1);
    assert.ok(downloading.every((each) => each.totalBytes === body.length));
    const done = downloading.map((each) => each.doneBytes);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
    assert.deepEqual(progress.at(-1)?.phase, 'verifying');
    assert.equal(progress.at(-1)?.doneBytes, body.length);
    assert.match(server.requests[0] ?? '', /\/ggml-org\/.*\/resolve\/main\/.*q8_0\.gguf/);
  });

  it('checked by its size where the server states no checksum', async () => {
    server.set({ body });
    const outcome = await client.downloadModel(NAME, NEVER);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    assert.equal(outcome.verifiedBy, 'size');
  });

  it('goes on after the connection was cut', async () => {
    server.set({ body, linked: statedTruly(body), cutAfterBytes: 2 * CHUNK_BYTES + MIB, cuts: 2 });
    const outcome = await client.downloadModel(NAME, NEVER);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    assert.ok(readFileSync(target()).equals(body));
  });

  it('cancelled, it leaves no model, and the next one goes on from there', async () => {
    server.set({ body, linked: statedTruly(body), bytesPerSecond: 8 * MIB });
    assert.deepEqual(await cancelAfter(5 * CHUNK_BYTES), { kind: 'cancelled' });
    assert.ok(!existsSync(target()));
    server.set({ body, linked: statedTruly(body) });
    const outcome = await client.downloadModel(NAME, NEVER);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    assert.ok(readFileSync(target()).equals(body));
    assert.ok(server.sentBytes < body.length, `${server.sentBytes} bytes sent again`);
  });

  it('goes on after the engine was killed', async () => {
    server.set({ body, linked: statedTruly(body), bytesPerSecond: 8 * MIB });
    const killed = await client.downloadModel(NAME, NEVER, ({ doneBytes }) => {
      if (doneBytes >= 5 * CHUNK_BYTES && client.pid !== undefined) {
        process.kill(client.pid, 'SIGKILL');
      }
    });
    assert.match(failure(killed), /engine-unavailable/);
    assert.ok(!existsSync(target()));
    server.set({ body, linked: statedTruly(body) });
    const other = createEngineClient({ entry: ENGINE, modelsFolder: folder });
    try {
      const outcome = await other.downloadModel(NAME, NEVER);
      assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
      assert.ok(readFileSync(target()).equals(body));
      assert.ok(server.sentBytes < body.length, `${server.sentBytes} bytes sent again`);
    } finally {
      await other.dispose();
    }
  });

  it('from a server without ranges', async () => {
    server.set({ body, linked: statedTruly(body), ranges: false });
    const outcome = await client.downloadModel(NAME, NEVER);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    assert.ok(readFileSync(target()).equals(body));
  });

  const refused: readonly [name: string, behaviour: () => FileServer['behaviour'], RegExp][] = [
    [
      'a wrong checksum',
      () => ({ body, linked: { ...statedTruly(body), sha256: '0'.repeat(64) } }),
      /download-damaged.*SHA-256/,
    ],
    [
      'a wrong size',
      () => ({ body, linked: { ...statedTruly(body), sizeBytes: body.length + 1 } }),
      /download-damaged.*bytes instead of/,
    ],
    [
      'a web page instead of a model',
      () => ({ body: Buffer.from('<!doctype html>'.repeat(1000)) }),
      /download-damaged.*not a GGUF file/,
    ],
    ['a missing file', () => ({ body, status: 404 }), /download-failed.*HTTP 404/],
    ['a gated model', () => ({ body, status: 401 }), /download-failed.*account.*HTTP 401/],
    ['a forbidden model', () => ({ body, status: 403 }), /download-failed.*account.*HTTP 403/],
  ];
  for (const [name, behaviour, message] of refused) {
    it(`${name} is one clear message, and nothing is kept`, async () => {
      server.set(behaviour());
      assert.match(failure(await client.downloadModel(NAME, NEVER)), message);
      assert.deepEqual(readdirSync(folder), ['.partial']);
      assert.deepEqual(partialBytes(), []);
    });
  }

  it('a full disk is one clear message, and nothing is kept', async () => {
    server.set({ body, linked: statedTruly(body) });
    const full = path.join(scratch, 'full-disk.cjs');
    writeFileSync(full, FULL_DISK);
    assert.match(failure(await downloadDirectly(full)), /disk-full.*free some space/);
    assert.deepEqual(readdirSync(folder), ['.partial']);
    assert.deepEqual(partialBytes(), []);
  });

  it('a folder that cannot be made is one clear message', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const inFile = path.join(folder, 'file', 'models');
    const other = createEngineClient({ entry: ENGINE, modelsFolder: inFile });
    try {
      assert.match(failure(await other.downloadModel(NAME, NEVER)), /download-failed/);
    } finally {
      await other.dispose();
    }
  });

  it('a network that says nothing more is given up', async () => {
    server.set({ body, hangAfterBytes: CHUNK_BYTES });
    const outcome = await downloadDirectly(WORKER, 2000);
    assert.match(failure(outcome), /No data came for 2 s/);
  });

  it('does not make completions wait', async () => {
    server.set({ body, linked: statedTruly(body), bytesPerSecond: 4 * MIB });
    await client.configure(CPU);
    const controller = new AbortController();
    let ended = false;
    const download = client.downloadModel(NAME, controller.signal).finally(() => (ended = true));
    completed(await client.complete(request('const a = |;\n', { maxTokens: 4 }), NEVER));
    assert.equal(ended, false);
    controller.abort();
    assert.deepEqual(await download, { kind: 'cancelled' });
  });

  it('the same one twice at a time is refused', async () => {
    server.set({ body, bytesPerSecond: 8 * MIB });
    const controller = new AbortController();
    let second: Promise<DownloadOutcome> | undefined;
    const first = client.downloadModel(NAME, controller.signal, () => {
      second ??= client.downloadModel(NAME, NEVER);
    });
    while (second === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(failure(await second), /being downloaded already/);
    controller.abort();
    assert.deepEqual(await first, { kind: 'cancelled' });
  });

  it('an unknown name is refused with the known ones', async () => {
    const outcome = await client.downloadModel('no-such-model', NEVER);
    assert.match(failure(outcome), /invalid-request.*known names are qwen2\.5-coder-0\.5b/);
  });

  it('by command', async () => {
    const real = readFileSync(EMBEDDED);
    server.set({ body: real, linked: statedTruly(real) });
    const env = { ...process.env, FORETOKEN_MODELS: folder };
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [CLI, 'models', 'download', NAME], { env });
    assert.match(stdout, new RegExp(`^${NAME}: .*${NAME}\\.gguf \\(6 MB, checked by sha256\\)`));
    assert.ok(existsSync(target()));
  });

  it('a downloaded model is listed, loaded by its name and used', async () => {
    const real = readFileSync(EMBEDDED);
    server.set({ body: real, linked: statedTruly(real) });
    const outcome = await client.downloadModel(NAME, NEVER);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    const state = await client.configure({ ...CPU, model: NAME });
    assert.ok(state.kind === 'ready', JSON.stringify(state));
    assert.equal(state.model.name, NAME);
    assert.equal(state.model.embedded, false);
    completed(await client.complete(request('const a = |;\n', { maxTokens: 4 }), NEVER));
    server.set({ body: real, status: 500 });
    assert.equal((await client.downloadModel(NAME, NEVER)).kind, 'completed');
    assert.deepEqual(server.requests, []);
  });
});

function foretoken(folder: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    env: { ...process.env, FORETOKEN_MODELS: folder },
  });
}

describe('engine: the models to choose from', function () {
  this.timeout(60_000);

  it('are the embedded one, the catalogue, and the files of the folder', () => {
    const folder = mkdtempSync(path.join(scratch, 'models-'));
    copyFileSync(EMBEDDED, path.join(folder, 'my-own.gguf'));
    const { status, stdout, stderr } = foretoken(folder, 'models', '--json');
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout) as ModelsReport;
    assert.equal(report.folder, folder);
    const [first] = report.models;
    assert.equal(first?.source, 'embedded');
    assert.equal(first.memoryBasis, 'file-header');
    assert.ok(first.memoryBytes > statSync(EMBEDDED).size);
    const qwen = report.models.find((each) => each.name === NAME);
    assert.equal(qwen?.installed, false);
    assert.equal(qwen.sizeIsApproximate, true);
    assert.equal(qwen.memoryBasis, 'rule-of-thumb');
    const own = report.models.find((each) => each.name === 'my-own');
    assert.equal(own?.source, 'folder');
    assert.equal(own.path, path.join(folder, 'my-own.gguf'));
    assert.equal(own.licence, null);
    assert.ok(report.models.some((each) => each.recommendation !== null));
  });

  it('for people', () => {
    const { status, stdout } = foretoken(scratch, 'models');
    assert.equal(status, 0);
    assert.match(
      stdout,
      /qwen2\.5-coder-1\.5b +~1\.65 GB +\d+\.\d GiB +download +yes +Apache-2\.0/,
    );
    assert.match(stdout, /codestral-22b .*prefix-only +MNPL-0\.1 \(non-commercial\)/);
  });

  it('a catalogue model that is not there yet says how to get it', () => {
    const sample = path.join(scratch, 'sample.ts');
    writeFileSync(sample, 'const a = 1;\n');
    const { status, stderr } = foretoken(scratch, 'complete', `${sample}:1:1`, '--model', NAME);
    assert.equal(status, 2);
    assert.match(stderr, /not downloaded yet.*foretoken models download/);
  });

  it('an unknown name to download', () => {
    const { status, stderr } = foretoken(scratch, 'models', 'download', 'no-such-model');
    assert.equal(status, 2);
    assert.match(stderr, /known names are/);
  });

  for (const args of [['download'], ['upload', 'a'], ['download', 'a', 'b'], ['--nope']]) {
    it(`bad input: models ${args.join(' ')}`, () => {
      const { status, stderr } = foretoken(scratch, 'models', ...args);
      assert.equal(status, 2);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    });
  }
});
