import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CATALOGUE } from '../../../engine/models/catalogue.ts';
import { modelsFolder } from '../../../engine/models/folder.ts';
import { acquireLock } from '../../../engine/models/lock.ts';
import { recommend, ruleOfThumbBytes, type Candidate } from '../../../engine/models/recommend.ts';
import { verifyFile, type StatedFile } from '../../../engine/models/verify.ts';
import type { DeviceInfo } from '../../../engine/protocol.ts';
import { modelTable } from '../../support/model-table.ts';

const GIB = 2 ** 30;
const ROOT = path.resolve(import.meta.dirname, '../../..');

describe('model catalogue', () => {
  it('has unique names that are safe as file names', () => {
    const ids = CATALOGUE.map((each) => each.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z0-9][a-z0-9.-]*$/);
  });

  for (const { id, uri, approximateBytes, parameters, quantisation } of CATALOGUE) {
    it(`${id} has an address, and a size that fits its weights`, () => {
      assert.match(uri, /^hf:[\w-]+\/[\w.-]+\/[\w.-]+\.gguf$/);
      const bitsPerWeight = (8 * approximateBytes) / (1e9 * parameters.total);
      const [least, most] = quantisation === 'Q8_0' ? [8, 9.2] : [4.3, 5.6];
      assert.ok(bitsPerWeight >= least && bitsPerWeight <= most, String(bitsPerWeight));
      assert.ok(parameters.active <= parameters.total);
    });
  }

  it('is the table in docs/MODELS.md', () => {
    const document = readFileSync(path.join(ROOT, 'docs', 'MODELS.md'), 'utf8');
    assert.ok(document.includes(modelTable()), `the table has to be:\n\n${modelTable()}`);
  });
});

const candidates: readonly Candidate[] = CATALOGUE.map((each) => ({
  ...each,
  name: each.id,
  fileBytes: each.approximateBytes,
  memoryBytes: ruleOfThumbBytes(each.approximateBytes),
}));

describe('model recommendation', () => {
  const cases: readonly [backend: DeviceInfo['backend'], gib: number, threads: number, string[]][] =
    [
      ['cpu', 2, 2, []],
      ['cpu', 16, 1, []],
      ['cpu', 16, 2, ['qwen2.5-coder-0.5b']],
      ['cpu', 3, 8, ['qwen2.5-coder-0.5b']],
      ['cpu', 16, 8, ['qwen2.5-coder-1.5b', 'qwen2.5-coder-0.5b']],
      ['vulkan', 2, 4, ['qwen2.5-coder-0.5b']],
      ['vulkan', 8, 4, ['granite-8b-code', 'granite-3b-code']],
      ['cuda', 12, 4, ['qwen2.5-coder-14b', 'granite-8b-code']],
      ['metal', 64, 4, ['qwen3-coder-30b-a3b', 'qwen2.5-coder-14b']],
    ];
  for (const [backend, gib, threads, expected] of cases) {
    it(`${backend}, ${gib} GiB, ${threads} threads: ${expected.join(', ') || 'none'}`, () => {
      const device = { backend, name: 'test', memoryBytes: gib * GIB, threads };
      const names = recommend(candidates, device).map((each) => each.name);
      assert.deepEqual(names, expected);
    });
  }

  it('never names a model that is not permissive or ignores the suffix', () => {
    for (let gib = 1; gib <= 128; gib += 1) {
      const device = { backend: 'cuda', name: 'test', memoryBytes: gib * GIB, threads: 8 } as const;
      for (const { name, reason } of recommend(candidates, device)) {
        const entry = CATALOGUE.find((each) => each.id === name);
        assert.equal(entry?.licence.terms, 'permissive');
        assert.equal(entry.fillInMiddle, 'yes');
        assert.match(reason, /GiB of GPU memory$/);
      }
    }
  });
});

describe('models folder', () => {
  const cases: readonly [Record<string, string>, string][] = [
    [{}, '/home/me/.cache/foretoken/models'],
    [{ XDG_CACHE_HOME: '/var/cache/me' }, '/var/cache/me/foretoken/models'],
    [{ XDG_CACHE_HOME: 'relative' }, '/home/me/.cache/foretoken/models'],
    [{ FORETOKEN_MODELS: '/models', XDG_CACHE_HOME: '/var/cache/me' }, '/models'],
    [{ FORETOKEN_MODELS: '' }, '/home/me/.cache/foretoken/models'],
  ];
  for (const [environment, expected] of cases) {
    it(`${JSON.stringify(environment)} -> ${expected}`, () => {
      assert.equal(modelsFolder(environment, '/home/me'), path.resolve(expected));
    });
  }
});

describe('download parts', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'foretoken-unit-'));
  const file = path.join(folder, 'model.gguf');
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const SHA256_OF_GGUF = 'not computed';
  const cases: readonly [string, Partial<StatedFile>, string | RegExp][] = [
    ['GGUF....', {}, 'format'],
    ['GGUF....', { sizeBytes: 8 }, 'size'],
    ['GGUF....', { sizeBytes: 9 }, /8 bytes instead of 9/],
    ['GGUF....', { sizeBytes: 8, sha256: SHA256_OF_GGUF }, /SHA-256/],
    ['<html>..', { sizeBytes: 8 }, /not a GGUF file/],
    ['', {}, /not a GGUF file/],
  ];
  for (const [text, stated, expected] of cases) {
    it(`verifies ${JSON.stringify(text)} with ${JSON.stringify(stated)}: ${String(expected)}`, async () => {
      writeFileSync(file, text);
      const all = { sizeBytes: null, sha256: null, ...stated };
      const result = verifyFile(file, all, new AbortController().signal, () => undefined);
      if (typeof expected === 'string') assert.equal(await result, expected);
      else await assert.rejects(result, expected);
    });
  }

  it('a lock is held once, and taken over from a process that is gone', async () => {
    const lock = path.join(folder, 'lock');
    const release = await acquireLock(lock);
    assert.ok(release !== null);
    assert.equal(await acquireLock(lock), null);
    await release();
    // No process has this id: it is over the limit of every system.
    writeFileSync(lock, '2147483646');
    assert.ok((await acquireLock(lock)) !== null);
  });
});
