import assert from 'node:assert/strict';
import { missingPackages } from '../../../scripts/lib/lockfile.mjs';

describe('packages that are missing', () => {
  const check = (
    wanted: Record<string, { version: string; optional?: boolean }>,
    present: Record<string, { version: string }>,
    expected: readonly string[],
  ): void => {
    const lockfile = { packages: { '': { version: '0.1.0' }, ...wanted } };
    assert.deepEqual(missingPackages(lockfile, { packages: present }), expected);
  };

  it('are those of the lockfile that are not installed in its version', () => {
    const wanted = { a: { version: '1' }, b: { version: '2' }, c: { version: '3' } };
    check(wanted, { a: { version: '1' }, b: { version: '1' } }, ['b', 'c']);
    check(wanted, { ...wanted, more: { version: '1' } }, []);
  });

  it('may be those of another platform, but not in another version', () => {
    const wanted = { a: { version: '2', optional: true } };
    check(wanted, {}, []);
    check(wanted, { a: { version: '1' } }, ['a']);
  });

  it('are all of them before the first installation', () => {
    assert.deepEqual(missingPackages({ packages: { a: { version: '1' } } }, {}), ['a']);
  });
});
