import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { completed, ENGINE, request, NEVER, TestEngine } from './support.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitForEnd(pid: number, timeoutMs = 5000): Promise<boolean> {
  for (let waited = 0; waited < timeoutMs && isAlive(pid); waited += 50) await sleep(50);
  return !isAlive(pid);
}

describe('engine: death', function () {
  this.timeout(60_000);

  it('killed in mid-request: the request fails clearly, the engine comes back', async () => {
    const engine = new TestEngine();
    try {
      await engine.ready();
      const before = completed(await engine.complete('const a = |')).text;
      const long = request(`${'const a = 1;\n'.repeat(200)}|`, { maxTokens: 1000 });
      const pending = engine.client.complete(long, NEVER, () => {
        const { pid } = engine.client;
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      });
      const outcome = await pending;
      assert.ok(outcome.kind === 'failed');
      assert.equal(outcome.error.code, 'engine-unavailable');
      assert.match(outcome.error.message, /SIGKILL/);
      await engine.waitFor('ready');
      assert.ok(engine.states.some((each) => each.kind === 'restarting'));
      assert.equal(completed(await engine.complete('const a = |')).text, before);
    } finally {
      await engine.client.dispose();
    }
  });

  it('says that it restarts while it restarts, and a restart command does not wait', async () => {
    const engine = new TestEngine();
    try {
      await engine.ready();
      process.kill(engine.client.pid!, 'SIGKILL');
      await engine.waitFor('restarting');
      const outcome = await engine.complete('const a = |');
      assert.ok(outcome.kind === 'failed');
      assert.match(outcome.error.message, /restart/);
      assert.equal((await engine.client.restart()).kind, 'ready');
      assert.equal((await engine.complete('const a = |')).kind, 'completed');
    } finally {
      await engine.client.dispose();
    }
  });

  it('ends with its parent', async () => {
    const script = `
      const { fork } = require('node:child_process');
      const child = fork(${JSON.stringify(ENGINE)}, [], { execArgv: [] });
      process.send(child.pid);
      setInterval(() => {}, 1000);`;
    const parent = fork('-e', [script], { execArgv: ['-e', script], stdio: 'ignore' });
    const [pid] = (await once(parent, 'message')) as [number];
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    assert.ok(await waitForEnd(pid), 'the engine outlived its parent');
  });

  it('ends when it is disposed of', async () => {
    const engine = new TestEngine();
    await engine.ready();
    const { pid } = engine.client;
    assert.ok(pid !== undefined);
    await engine.client.dispose();
    assert.ok(await waitForEnd(pid));
    assert.equal((await engine.complete('a|')).kind, 'failed');
  });
});
