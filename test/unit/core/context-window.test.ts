import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  chooseWindow,
  DEFAULT_BUDGET,
  SNAP_LINES,
  type LineLengths,
  type LineWindow,
} from '../../../engine/core/prompt/context-window.ts';

function uniform(lineCount: number, length: number): LineLengths {
  return { lineCount, lineLength: () => length };
}

function ofLengths(lengths: readonly number[]): LineLengths {
  return { lineCount: lengths.length, lineLength: (line) => lengths[line] ?? 0 };
}

function chars(lines: LineLengths, from: number, to: number): number {
  let sum = 0;
  for (let line = from; line < to; line++) sum += lines.lineLength(line) + 1;
  return sum;
}

const budget = { prefixChars: 1000, suffixChars: 300 };

describe('context window', () => {
  const rows: readonly [name: string, lines: LineLengths, cursor: number, expected: LineWindow][] =
    [
      ['an empty document', uniform(1, 0), 0, { start: 0, end: 1 }],
      ['all of a short document', uniform(20, 9), 10, { start: 0, end: 20 }],
      ['exactly the budget', uniform(100, 9), 99, { start: 0, end: 100 }],
      ['one line over the budget', uniform(101, 9), 100, { start: 32, end: 101 }],
      ['the budget below', uniform(100, 9), 0, { start: 0, end: 31 }],
      ['long lines: finer boundaries', uniform(100, 99), 50, { start: 44, end: 54 }],
      ['a huge line above', ofLengths([5, 5000, 5, 5, 5]), 3, { start: 2, end: 5 }],
      ['a huge line below', ofLengths([5, 5, 5000, 5]), 0, { start: 0, end: 2 }],
      ['the cursor in a huge line', ofLengths([5, 5000, 5]), 1, { start: 1, end: 3 }],
    ];
  for (const [name, lines, cursor, expected] of rows) {
    it(name, () => {
      assert.deepEqual(chooseWindow(lines, cursor, budget), expected);
    });
  }

  it('moves its start seldom while the cursor goes down', () => {
    const lines = uniform(3000, 40);
    let window: LineWindow | null = null;
    let moves = 0;
    for (let cursor = 0; cursor < lines.lineCount; cursor++) {
      const next = chooseWindow(lines, cursor, DEFAULT_BUDGET, window);
      if (window !== null && next.start !== window.start) moves++;
      window = next;
    }
    assert.ok(moves <= 3000 / SNAP_LINES, `${moves} moves`);
  });

  it('keeps its start while a line grows and shrinks again', () => {
    for (let length = 0; length < 120; length++) {
      const above = Array.from({ length: 200 }, () => 9);
      const before = chooseWindow(ofLengths([...above, 0]), 200, budget);
      const after = chooseWindow(ofLengths([...above, length]), 200, budget, before);
      assert.equal(after.start, before.start);
      assert.equal(chooseWindow(ofLengths([...above, 0]), 200, budget, after).start, before.start);
    }
  });

  it('chooses anew after a jump', () => {
    const lines = uniform(3000, 9);
    const window = chooseWindow(lines, 2000, budget);
    const up = chooseWindow(lines, 100, budget, window);
    assert.deepEqual(up, chooseWindow(lines, 100, budget));
    const down = chooseWindow(lines, 2900, budget, up);
    assert.deepEqual(down, chooseWindow(lines, 2900, budget));
    const alittleUp = chooseWindow(lines, window.start + 3, budget, window);
    assert.notEqual(alittleUp.start, window.start);
  });

  it('looks at no more lines than it may hold', () => {
    let reads = 0;
    const lines = { lineCount: 1_000_000, lineLength: () => (reads++, 40) };
    const window = chooseWindow(lines, 500_000);
    chooseWindow(lines, 500_000, DEFAULT_BUDGET, window);
    assert.ok(reads < 3000, `${reads} reads`);
  });

  it('holds the cursor, fits the budget and uses half of it', () => {
    const lengths = fc.array(fc.nat(90), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(), (all, cursorAt, earlier) => {
        const lines = ofLengths(all);
        const cursor = cursorAt % all.length;
        const before = chooseWindow(lines, earlier % all.length, budget);
        const { start, end } = chooseWindow(lines, cursor, budget, before);
        assert.ok(0 <= start && start <= cursor && cursor < end && end <= all.length);
        assert.ok(chars(lines, start, cursor + 1) <= budget.prefixChars);
        assert.ok(chars(lines, cursor + 1, end) <= budget.suffixChars);
        assert.ok(start === 0 || chars(lines, start - 1, cursor + 1) > budget.prefixChars * 0.4);
      }),
      { numRuns: 1000 },
    );
  });
});
