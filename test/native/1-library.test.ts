import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../../engine/native/load-addon.ts';
import {
  errorCode,
  failure,
  librariesDirectory,
  openAddon,
  root,
  scratchDirectory,
  scratchFile,
} from './support/native.ts';

describe('the libraries', function () {
  this.timeout(60_000);

  it('are those of the release whose headers the addon was built with', async () => {
    const addon = await openAddon();
    const info = join(root, 'node_modules', 'node-llama-cpp', 'llama', 'llama.cpp.info.json');
    const { tag } = JSON.parse(readFileSync(info, 'utf8')) as { tag: string };
    assert.equal(addon.builtFor, tag);
    const opened = addon.openLibraries(await librariesDirectory());
    assert.equal(`v${opened.llamaVersion.replace(/-.*/, '')}`, tag);
    assert.match(opened.ggmlCommit, /^[0-9a-f]+$/);
  });

  it('report their devices, and again when opened twice', async () => {
    const addon = await openAddon();
    const first = addon.openLibraries(await librariesDirectory());
    const second = addon.openLibraries(await librariesDirectory());
    assert.deepEqual(
      second.devices.map(({ name }) => name),
      first.devices.map(({ name }) => name),
    );
    const cpu = first.devices.find(({ type }) => type === 'cpu');
    assert.ok(cpu !== undefined && cpu.memoryTotal > 1e8);
  });

  it('of another directory are refused once some are open', async () => {
    const addon = await openAddon();
    const copy = join(scratchDirectory(), 'copy');
    cpSync(await librariesDirectory(), copy, { recursive: true });
    assert.equal(await failure(() => addon.openLibraries(copy)), 'library-mismatch');
  });

  it('that are missing, foreign or damaged are refused', async () => {
    // In a fresh process, and the one that opens part of its libraries last: they stay loaded.
    const libraries = await librariesDirectory();
    const variant = (name: string, change: (directory: string) => void) => {
      const directory = join(scratchDirectory(), name);
      cpSync(libraries, directory, { recursive: true });
      change(directory);
      return directory;
    };
    const empty = join(scratchDirectory(), 'empty');
    mkdirSync(empty);
    const expected: readonly (readonly [string, string])[] = [
      [empty, 'library-unreadable'],
      [join(scratchDirectory(), 'nowhere'), 'library-unreadable'],
      [scratchFile('a-file', ''), 'library-unreadable'],
      [
        variant('other-release', (directory) => {
          const file = join(directory, '_nlcBuildMetadata.json');
          const text = readFileSync(file, 'utf8').replace(/"v\d[^"]*"/, '"v9.9.9"');
          writeFileSync(file, text);
        }),
        'library-mismatch',
      ],
      [
        variant('damaged', (directory) => {
          for (const file of ['libllama.v0.4.0.so', 'llama.v0.4.0.dll', 'libllama.v0.4.0.dylib']) {
            writeFileSync(join(directory, file), 'not a library');
          }
        }),
        'library-unreadable',
      ],
      [libraries, 'library-mismatch'],
    ];
    const child = join(root, 'test', 'native', 'support', 'open-libraries-child.ts');
    const args = ['--import', 'tsx', child, ...expected.map(([directory]) => directory)];
    const output = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    assert.deepEqual(
      output.trim().split('\n'),
      expected.map(([, code]) => code),
    );
  });
});

describe('loadAddon', () => {
  it('says what to do when the addon was not built', () => {
    assert.throws(
      () => loadAddon(scratchDirectory()),
      (error) =>
        errorCode(error) === 'library-unreadable' && String(error).includes('npm run build:native'),
    );
  });

  it('says what to do when the addon cannot be loaded', () => {
    scratchFile(join('broken', 'native', 'build', 'Release', 'foretoken.node'), 'not an addon');
    assert.throws(
      () => loadAddon(join(scratchDirectory(), 'broken')),
      (error) => errorCode(error) === 'library-unreadable',
    );
  });
});
