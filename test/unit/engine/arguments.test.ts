import assert from 'node:assert/strict';
import { parse, parseCount, parseLocation, parseMode } from '../../../engine/cli/arguments.ts';

const location = (file: string, line: number, column: number) => ({ file, line, column });

describe('command line arguments', () => {
  it('reads FILE:LINE:COL, colons in the file name included', () => {
    assert.deepEqual(parseLocation('src/a.ts:3:14'), location('src/a.ts', 3, 14));
    assert.deepEqual(parseLocation('C:\\a.ts:1:1'), location('C:\\a.ts', 1, 1));
  });

  for (const text of ['a.ts', 'a.ts:1', ':1:1', 'a.ts:x:1', 'a.ts:1:-1', 'a.ts:0:1', 'a.ts:1:0']) {
    it(`refuses the place "${text}"`, () => {
      assert.throws(() => parseLocation(text), { name: 'UsageError' });
    });
  }

  it('lists the known modes for an unknown one', () => {
    assert.equal(parseMode('plain'), 'plain');
    assert.throws(() => parseMode('warp'), {
      name: 'UsageError',
      message:
        'Unknown mode "warp": known modes are plain, ngram, ppd-paper, ppd-static, ppd-adaptive, ppd-ngram, draft, draft-ppd, auto, manual.',
    });
  });

  for (const text of ['0', '1.5', 'x', '', '-1', '101', 'Infinity']) {
    it(`refuses "${text}" as a count from 1 to 100`, () => {
      assert.throws(() => parseCount('--runs', text, { min: 1, max: 100 }), {
        name: 'UsageError',
        message: `--runs wants a whole number from 1 to 100, not "${text}".`,
      });
    });
  }

  it('turns an unknown option into one line', () => {
    assert.throws(
      () => parse(['--nope'], {}),
      (error: Error) => {
        assert.equal(error.name, 'UsageError');
        assert.match(error.message, /^Unknown option '--nope'\.$/);
        return true;
      },
    );
  });
});
