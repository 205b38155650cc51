import assert from 'node:assert/strict';
import { LatestWins } from '../../../engine/latest-wins.ts';

const never = new AbortController().signal;

/** A task that runs until it is aborted or released. */
function task(name: string, journal: string[]) {
  let release: () => void = () => undefined;
  const run = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve) => {
      journal.push(`${name} starts`);
      const end = (how: string) => () => {
        journal.push(`${name} ${how}`);
        resolve(`${name} ${how}`);
      };
      release = end('ends');
      signal.addEventListener('abort', end('is aborted'), { once: true });
    });
  return {
    run,
    release: () => {
      release();
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('latest wins', () => {
  it('runs one task and returns what it returns', async () => {
    const queue = new LatestWins();
    assert.equal(await queue.run(never, () => Promise.resolve(42)), 42);
  });

  it('aborts the running task, and starts the next only when it has ended', async () => {
    const queue = new LatestWins();
    const journal: string[] = [];
    const first = queue.run(never, task('first', journal).run);
    await settle();
    const second = task('second', journal);
    const result = queue.run(never, second.run);
    assert.equal(await first, 'first is aborted');
    await settle();
    second.release();
    assert.equal(await result, 'second ends');
    assert.deepEqual(journal, ['first starts', 'first is aborted', 'second starts', 'second ends']);
  });

  it('never starts a task that was overtaken while it waited', async () => {
    const queue = new LatestWins();
    const journal: string[] = [];
    const tasks = ['a', 'b', 'c'].map((name) => task(name, journal));
    const results = tasks.map((each) => queue.run(never, each.run));
    await settle();
    tasks[2]!.release();
    assert.deepEqual(await Promise.all(results), [undefined, undefined, 'c ends']);
    assert.deepEqual(journal, ['c starts', 'c ends']);
  });

  it('passes on a cancel from outside', async () => {
    const queue = new LatestWins();
    const controller = new AbortController();
    const result = queue.run(controller.signal, task('it', []).run);
    await settle();
    controller.abort();
    assert.equal(await result, 'it is aborted');
  });

  it('goes on after a task that throws', async () => {
    const queue = new LatestWins();
    await assert.rejects(
      queue.run(never, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(await queue.run(never, () => Promise.resolve('fine')), 'fine');
  });

  it('drains: nothing runs afterwards', async () => {
    const queue = new LatestWins();
    const journal: string[] = [];
    const result = queue.run(never, task('it', journal).run);
    await settle();
    await queue.drain();
    assert.equal(await result, 'it is aborted');
  });
});
