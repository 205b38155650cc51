import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGgufFileInfo } from 'node-llama-cpp';
import type { GgufTensor, GgufValue, NativeAddon } from '../../engine/native/addon.d.ts';
import { failure, openAddon, scratchDirectory, scratchFile } from './support/native.ts';

type Loose = (...args: unknown[]) => unknown;

const METADATA: Readonly<Record<string, GgufValue>> = {
  'general.architecture': { type: 'string', value: 'prompt-tokens' },
  'prompt.text': { type: 'string', value: 'Grüße, 世界 🎈' },
  'prompt.empty': { type: 'string', value: '' },
  'prompt.count': { type: 'u32', value: 2 ** 32 - 1 },
  'prompt.rate': { type: 'f32', value: 0.25 },
  'prompt.trained': { type: 'bool', value: true },
  'prompt.names': { type: 'strings', value: ['python', '', 'c++'] },
  'prompt.losses': { type: 'f32s', value: Float32Array.of(1.5, -2, 0) },
};
const TENSORS: readonly GgufTensor[] = [
  { name: 'a', shape: [3, 1, 1], data: Float32Array.of(1, 2, 3) },
  { name: 'rows', shape: [4, 2], data: Float32Array.from({ length: 8 }, (_, index) => index / 3) },
];

describe('writeGguf', () => {
  let addon: NativeAddon;
  let path: string;
  const unwritable = (file: string) =>
    failure(() => {
      addon.writeGguf(file, {}, []);
    });
  before(async () => {
    addon = await openAddon();
    path = join(scratchDirectory(), 'written ü.gguf');
  });

  it('writes what another reader finds', async () => {
    addon.writeGguf(path, METADATA, TENSORS);
    const info = await readGgufFileInfo(path, { sourceType: 'filesystem' });
    const { general, ...rest } = info.metadata as unknown as Record<string, unknown>;
    assert.deepEqual(general, { architecture: 'prompt-tokens' });
    assert.deepEqual(rest['prompt'], {
      text: 'Grüße, 世界 🎈',
      empty: '',
      count: 2 ** 32 - 1,
      rate: 0.25,
      trained: true,
      names: ['python', '', 'c++'],
      losses: [1.5, -2, 0],
    });
    const bytes = readFileSync(path);
    for (const [index, { name, data }] of TENSORS.entries()) {
      const tensor = info.fullTensorInfo![index]!;
      assert.equal(tensor.name, name);
      assert.equal(tensor.ggmlType, 0);
      const start = Number(tensor.fileOffset);
      const copy = new Uint8Array(bytes.subarray(start, start + data.byteLength));
      assert.deepEqual(new Float32Array(copy.buffer), data);
    }
    assert.deepEqual(info.fullTensorInfo!.map((each) => each.dimensions.map(Number))[1], [4, 2]);
    assert.ok(!existsSync(`${path}.partial`));
  });

  it('replaces a file, and takes files without tensors or with empty lists', async () => {
    addon.writeGguf(path, METADATA, TENSORS);
    const losses: GgufValue = { type: 'f32s', value: new Float32Array(0) };
    const names: GgufValue = { type: 'strings', value: [] };
    addon.writeGguf(path, { ...METADATA, 'prompt.losses': losses, 'prompt.names': names }, []);
    const info = await readGgufFileInfo(path, { sourceType: 'filesystem' });
    assert.equal(info.tensorCount, 0);
  });

  it('says when the file cannot be written, and leaves what is there', async () => {
    const missing = join(scratchDirectory(), 'nowhere', 'file.gguf');
    assert.equal(await unwritable(missing), 'file-unwritable');
    const folder = join(scratchDirectory(), 'folder.gguf');
    mkdirSync(folder);
    scratchFile('folder.gguf/inside', 'kept');
    assert.equal(await unwritable(folder), 'file-unwritable');
    assert.ok(existsSync(join(folder, 'inside')));
    assert.ok(!existsSync(`${folder}.partial`));
  });

  it('checks its arguments', async () => {
    const write = addon.writeGguf.bind(addon) as Loose;
    const data = Float32Array.of(1, 2);
    const tensor = { name: 'a', shape: [2], data };
    const values: readonly unknown[] = [
      undefined,
      1,
      {},
      { type: 'string' },
      { type: 'string', value: 'a\0b' },
      { type: 'u32', value: -1 },
      { type: 'u32', value: 1.5 },
      { type: 'u32', value: 2 ** 32 },
      { type: 'f32', value: '1' },
      { type: 'bool', value: 1 },
      { type: 'strings', value: 'a' },
      { type: 'strings', value: [1] },
      { type: 'f32s', value: [1] },
      { type: 'i32', value: 1 },
    ];
    const tensors: readonly unknown[] = [
      undefined,
      [undefined],
      [{ ...tensor, name: '' }],
      [{ ...tensor, name: 'n'.repeat(64) }],
      [{ ...tensor, shape: [] }],
      [{ ...tensor, shape: [1, 1, 1, 1, 2] }],
      [{ ...tensor, shape: [0] }],
      [{ ...tensor, shape: [3] }],
      [{ ...tensor, shape: [2 ** 31 - 1, 2 ** 31 - 1] }],
      [{ ...tensor, data: [1, 2] }],
      [tensor, tensor],
    ];
    const calls: readonly (readonly unknown[])[] = [
      ...[undefined, '', 'a\0b', 1].map((name) => [name, {}, []]),
      ...[undefined, [], 1].map((metadata) => [path, metadata]),
      ...['', 'general.alignment', 'a\0b'].map((key) => [
        path,
        { [key]: { type: 'u32', value: 32 } },
        [],
      ]),
      ...values.map((value) => [path, { key: value }, []]),
      ...tensors.map((list) => [path, {}, list]),
    ];
    for (const [index, call] of calls.entries()) {
      assert.equal(await failure(() => write(...call)), 'invalid-argument', `call ${index}`);
    }
  });
});
