import assert from 'node:assert/strict';
import {
  libraryPackages,
  packageClosure,
  vsixTarget,
} from '../../../scripts/vsix/runtime-packages.ts';

describe('runtime packages of the VSIX', () => {
  it('are what the named packages need, nested ones first', () => {
    const locked = {
      'node_modules/a': { dependencies: { b: '1', c: '1' } },
      'node_modules/a/node_modules/c': { dependencies: { d: '1' } },
      'node_modules/b': { dependencies: { a: '1', c: '2' } },
      'node_modules/c': {},
      'node_modules/d': {},
      'node_modules/unused': {},
    };
    assert.deepEqual(packageClosure(['a'], locked), [
      'node_modules/a',
      'node_modules/a/node_modules/c',
      'node_modules/b',
      'node_modules/c',
      'node_modules/d',
    ]);
  });

  it('must all be locked', () => {
    const locked = { 'node_modules/a': { dependencies: { b: '1' } } };
    assert.throws(() => packageClosure(['a'], locked), /b, needed by node_modules\/a/);
  });

  it('include the libraries of the platform, never those of CUDA', () => {
    const target = vsixTarget('linux', 'x64');
    assert.equal(target, 'linux-x64');
    assert.deepEqual(libraryPackages(target), [
      '@node-llama-cpp/linux-x64',
      '@node-llama-cpp/linux-x64-vulkan',
    ]);
  });

  it('name the platforms as VS Code does', () => {
    assert.equal(vsixTarget('linux', 'arm'), 'linux-armhf');
    assert.throws(() => vsixTarget('freebsd', 'x64'), /freebsd-x64/);
  });
});
