import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/lib/paths.ts';

const START_LIMIT_MS = 180_000;

describe('npm start', () => {
  it('completes a sample in the terminal, then opens an editor', async function () {
    this.timeout(START_LIMIT_MS);
    const script = path.join(root, 'scripts', 'bootstrap.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'start', '--exit']);
    assert.match(stdout, /\d+ tokens in \d+ ms, \d+ tok\/s/);
    assert.match(stdout, /«[^»]+»/);
    assert.match(stdout, /VS Code with Foretoken: http:\/\/127\.0\.0\.1:\d+\//);
  });
});
