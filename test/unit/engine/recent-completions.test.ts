import assert from 'node:assert/strict';
import { LookupChances } from '../../../engine/core/tree/lookup-chances.ts';
import { lookup } from '../../../engine/core/tree/lookup.ts';
import { NgramIndex } from '../../../engine/core/tree/ngram-index.ts';
import {
  MOST_RECENT_TOKENS,
  RecentCompletions,
} from '../../../engine/decoding/recent-completions.ts';

/** So many different tokens from `start` on. */
const run = (start: number, length: number) => Array.from({ length }, (_, index) => start + index);

/** What is guessed to follow, the likeliest chain. */
function guessed({ texts }: RecentCompletions, text: readonly number[]): readonly number[] {
  const index = new NgramIndex(text);
  index.recall(texts);
  const [chain] = lookup(index, new LookupChances(), { length: 6, count: 1 });
  return chain?.guesses.map(({ token }) => token) ?? [];
}

describe('recent completions', () => {
  it('are found again from the text in front of them on, to their end', () => {
    const recent = new RecentCompletions();
    recent.remember(run(100, 20), [1, 2, 3]);
    recent.remember(run(200, 20), [4, 5]);
    assert.deepEqual(guessed(recent, [9, 118, 119]), [1, 2, 3]);
    assert.deepEqual(guessed(recent, [9, 119, 1]), [2, 3]);
    assert.deepEqual(guessed(recent, [9, 2, 3]), []);
    assert.deepEqual(guessed(recent, [9, 218, 219]), [4, 5]);
    assert.deepEqual(guessed(recent, [9, 100, 101]), [], 'too far in front');
  });

  it('the latest of two that differ comes first', () => {
    const recent = new RecentCompletions();
    recent.remember(run(100, 8), [1, 2]);
    recent.remember(run(100, 8), [3, 4]);
    assert.deepEqual(guessed(recent, run(100, 8)), [3, 4]);
  });

  it('while somebody types what they say are kept once', () => {
    const recent = new RecentCompletions();
    const text = [...run(100, 12), ...run(1, 30)];
    for (let typed = 12; typed < 30; typed += 1) {
      recent.remember(text.slice(0, typed), text.slice(typed, typed + 12));
    }
    assert.deepEqual(recent.texts.from(0).slice(0, -1), text.slice(4, 41));
    const { length } = recent.texts;
    recent.remember(text.slice(0, 20), text.slice(20, 25));
    recent.remember(text.slice(0, 20), []);
    assert.equal(recent.texts.length, length);
  });

  it('are forgotten when there are many, the oldest first', () => {
    const recent = new RecentCompletions();
    for (let start = 1000; start < 60_000; start += 100) {
      recent.remember(run(start, 8), run(start + 8, 50));
      assert.deepEqual(guessed(recent, run(start, 3)), run(start + 3, 6));
      recent.remember(run(start, 8), run(start + 8, 50));
      assert.equal(recent.texts.from(0).filter((token) => token === start).length, 1);
      assert.ok(recent.texts.length <= MOST_RECENT_TOKENS + 59);
    }
    assert.deepEqual(guessed(recent, run(59_900 - 2000, 3)), run(59_900 - 1997, 6));
    assert.deepEqual(guessed(recent, run(1000, 3)), []);
  });

  it('one that grows on and on is bounded, too', () => {
    const recent = new RecentCompletions();
    for (let start = 0; start < 3 * MOST_RECENT_TOKENS; start += 5) {
      recent.remember(run(start, 8), run(start + 8, 50));
      assert.ok(recent.texts.length <= MOST_RECENT_TOKENS + 59);
    }
  });

  it('of each only the beginning is kept', () => {
    const recent = new RecentCompletions();
    recent.remember([1, 2, 3], run(1000, 5000));
    assert.ok(recent.texts.length < 300);
  });
});
