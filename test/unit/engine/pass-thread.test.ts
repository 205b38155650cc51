import assert from 'node:assert/strict';
import { PassThread } from '../../../engine/native/pass-thread.ts';

/** Passes that take what `cost` says, on a clock of their own. */
function passes(cost: (rows: number) => number) {
  let clock = 0;
  const thread = new PassThread(() => clock);
  const run = (rows: number): Promise<boolean> =>
    thread.run(rows, (blocking) => {
      clock += cost(rows);
      return Promise.resolve(blocking);
    });
  return { run };
}

describe('the thread of a pass', () => {
  it('is a worker until a pass was measured, then the own one for short passes', async () => {
    const { run } = passes(() => 0.4);
    assert.deepEqual([await run(1), await run(1), await run(8)], [false, true, true]);
  });

  it('is a worker for passes that would block for long', async () => {
    const { run } = passes((rows) => 25 * rows);
    assert.deepEqual([await run(1), await run(1), await run(2)], [false, false, false]);
  });

  it('is decided by the length of the pass', async () => {
    const { run } = passes((rows) => rows);
    await run(1);
    assert.deepEqual(
      [await run(4), await run(5), await run(128), await run(2)],
      [true, false, false, true],
    );
  });

  it('changes with the cost', async () => {
    let milliseconds = 1;
    const { run } = passes(() => milliseconds);
    await run(1);
    milliseconds = 50;
    assert.deepEqual([await run(1), await run(1)], [true, false]);
    milliseconds = 1;
    assert.deepEqual([await run(1), await run(1)], [false, true]);
  });

  it('lets messages in while passes follow each other', async () => {
    const { run } = passes(() => 0.4);
    let heard = 0;
    const message = setInterval(() => (heard += 1), 0);
    const later = setImmediate(() => (heard += 1));
    for (let pass = 0; pass < 10; pass += 1) await run(1);
    clearInterval(message);
    clearImmediate(later);
    assert.ok(heard > 0);
  });

  it('passes on what a pass throws', async () => {
    const thread = new PassThread(() => 0);
    await assert.rejects(
      thread.run(1, () => Promise.reject(new Error('no'))),
      /no/,
    );
  });
});
