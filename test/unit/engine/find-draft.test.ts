import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fitsBeside, noRoomMessage } from '../../../engine/draft/draft-memory.ts';
import { findDraft } from '../../../engine/draft/find-draft.ts';
import type { Installation } from '../../../engine/installation.ts';
import { EMBEDDED_MODELS, resolveModel } from '../../../engine/models/resolve.ts';

describe('the draft model of a model', () => {
  let folder: string;
  let installation: Installation;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'foretoken-draft-'));
    installation = { root: folder, version: '0', modelsFolder: path.join(folder, 'downloads') };
    mkdirSync(path.join(folder, 'models'));
    mkdirSync(installation.modelsFolder);
    put('models', EMBEDDED_MODELS[0].file);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const put = (...parts: readonly string[]): void => {
    writeFileSync(path.join(folder, ...parts), 'GGUF');
  };
  const find = async (setting: string | null, model: string | null = null) => {
    const found = await findDraft(setting, await resolveModel(model, installation), installation);
    return [found.draft?.name ?? null, found.warning] as const;
  };

  it('is none where none is there or wanted', async () => {
    assert.deepEqual(await find('auto'), [null, null]);
    put('models', 'foretoken-code-6m-draft.Q8_0.gguf');
    assert.deepEqual(await find(null), [null, null]);
  });

  it('lies beside the model under its name', async () => {
    put('models', 'foretoken-code-6m-draft.Q8_0.gguf');
    put('models', 'foretoken-code-6m-draft.Q8_0.prompt-tokens.gguf');
    assert.deepEqual(await find('auto'), ['foretoken-code-6m-draft', null]);
    put('downloads', 'mine-3b.gguf');
    put('downloads', 'mine-3b-draft.Q4_0.gguf');
    assert.deepEqual(await find('auto', 'mine-3b'), ['mine-3b-draft', null]);
    put('downloads', 'mine2.5-x.Q4_K_M.gguf');
    put('downloads', 'mine2.5-x-draft.F16.gguf');
    assert.deepEqual(await find('auto', 'mine2.5-x.Q4_K_M'), ['mine2.5-x-draft', null]);
  });

  it('is a smaller model of its family, the smallest of those that are there', async () => {
    put('downloads', 'qwen2.5-coder-7b.gguf');
    assert.deepEqual(await find('auto', 'qwen2.5-coder-7b'), [null, null]);
    put('downloads', 'starcoder2-3b.gguf');
    assert.deepEqual(await find('auto', 'qwen2.5-coder-7b'), [null, null]);
    put('downloads', 'qwen2.5-coder-1.5b.gguf');
    assert.deepEqual(await find('auto', 'qwen2.5-coder-7b'), ['qwen2.5-coder-1.5b', null]);
    put('downloads', 'qwen2.5-coder-0.5b.gguf');
    assert.deepEqual(await find('auto', 'qwen2.5-coder-7b'), ['qwen2.5-coder-0.5b', null]);
    assert.deepEqual(await find('auto', 'qwen2.5-coder-0.5b'), [null, null]);
  });

  it('is the one that the user names, or a sentence on why not', async () => {
    put('models', 'foretoken-code-6m-draft.Q8_0.gguf');
    put('downloads', 'small.gguf');
    assert.deepEqual(await find('small'), ['small', null]);
    assert.deepEqual(await find('foretoken-code-6m-draft'), ['foretoken-code-6m-draft', null]);
    assert.deepEqual(await find(path.join(folder, 'downloads', 'small.gguf')), ['small', null]);
    const [none, warning] = await find('qwen2.5-coder-0.5b');
    assert.equal(none, null);
    assert.match(warning ?? '', /not downloaded yet.*foretoken\.draftModel/);
  });
});

describe('memory for a draft', () => {
  it('has to be free with something to spare', () => {
    const memory = { freeBytes: 1000, totalBytes: 4000 };
    assert.equal(fitsBeside(800, memory), true);
    assert.equal(fitsBeside(801, memory), false);
    assert.equal(fitsBeside(1e9, { freeBytes: 0, totalBytes: 0 }), true);
    assert.match(noRoomMessage('d', 3 * 2 ** 20, { freeBytes: 2 ** 20, totalBytes: 1 }), / 3 MiB /);
  });
});
