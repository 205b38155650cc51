import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  BATTERY_FACTOR,
  debounceMs,
  FAST_DEBOUNCE_MS,
  FAST_LATENCY_MS,
  MAX_DEBOUNCE_MS,
  type DebounceInput,
} from '../../../engine/core/completion/debounce.ts';

const input = (overrides: Partial<DebounceInput>): DebounceInput => ({
  typingIntervalsMs: [],
  engineLatenciesMs: [],
  onBattery: false,
  lastTyped: 'x',
  ...overrides,
});

describe('debounce', () => {
  const rows: readonly [name: string, overrides: Partial<DebounceInput>, expected: number][] = [
    ['nothing measured', {}, 10],
    ['a fast engine', { engineLatenciesMs: [80] }, 20],
    ['the bound of a fast engine', { engineLatenciesMs: [FAST_LATENCY_MS] }, FAST_DEBOUNCE_MS],
    ['a slow engine', { engineLatenciesMs: [800] }, 200],
    ['a slow engine and a fast typist', { engineLatenciesMs: [800], typingIntervalsMs: [80] }, 100],
    [
      'a very slow engine',
      { engineLatenciesMs: [9000], typingIntervalsMs: [900] },
      MAX_DEBOUNCE_MS,
    ],
    ['battery', { engineLatenciesMs: [80], onBattery: true }, 40],
    ['one outlier', { engineLatenciesMs: [80, 80, 9000] }, 20],
    ['.', { lastTyped: '.', onBattery: true }, 0],
    ['(', { lastTyped: 'foo(' }, 0],
    ['a line end', { lastTyped: '\n' }, 0],
    ['a line end with indentation', { lastTyped: '\n    ' }, 0],
    ['the cursor moved', { lastTyped: '', engineLatenciesMs: [80] }, 20],
  ];
  for (const [name, overrides, expected] of rows) {
    it(`${name} -> ${expected} ms`, () => {
      assert.equal(debounceMs(input(overrides)), expected);
    });
  }

  it('stays within its bounds and grows with the latency', () => {
    const ms = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(fc.array(ms), ms, ms, fc.boolean(), (typingIntervalsMs, a, b, onBattery) => {
        const at = (latency: number): number =>
          debounceMs(input({ typingIntervalsMs, engineLatenciesMs: [latency], onBattery }));
        const [low, high] = [at(Math.min(a, b)), at(Math.max(a, b))];
        assert.ok(low >= 0 && low <= high && high <= MAX_DEBOUNCE_MS * BATTERY_FACTOR);
      }),
    );
  });
});
