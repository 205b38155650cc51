import assert from 'node:assert/strict';
import { ReadingTime } from '../../../engine/reading-time.ts';

describe('the time of reading', () => {
  function read(firstStepReads: boolean, steps: readonly number[]) {
    let clock = 100;
    const time = new ReadingTime(90, firstStepReads, () => clock);
    for (const tokens of steps) {
      clock += 5;
      time.step(tokens);
    }
    return time.end(steps.reduce((sum, tokens) => sum + tokens, 0));
  }

  it('ends with the first step, whose tokens are free', () => {
    assert.deepEqual(read(true, [3, 1, 2]), { prefillMs: 15, decodeMs: 10, decoded: 3 });
    assert.deepEqual(read(true, [3]), { prefillMs: 15, decodeMs: 0, decoded: 0 });
    assert.deepEqual(read(true, []), { prefillMs: 10, decodeMs: 0, decoded: 0 });
  });

  it('ends before the first step where that is one like all others', () => {
    assert.deepEqual(read(false, [3, 1, 2]), { prefillMs: 10, decodeMs: 15, decoded: 6 });
  });
});
