import assert from 'node:assert/strict';
import { backoffDelayMs } from '../../../engine/client/backoff.ts';

describe('restart back-off', () => {
  it('doubles from half a second up to half a minute', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 20].map(backoffDelayMs);
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });
});
