import assert from 'node:assert/strict';
import type { TuningResult } from '../../../engine/protocol.ts';
import { tuningReport } from '../../../extension/tuning-report.ts';
import { READY } from './support.ts';

const passes = { lengths: [1, 2], steadyMs: [1, 1.5], mixedMs: [1.5, 2] };

const RESULT: TuningResult = {
  depths: [128, 1536].map((contextTokens) => ({
    ...{ contextTokens, plainMs: 1, chains: passes, trees: passes },
  })),
  plainMs: 1,
  table: [
    { rows: 1, chainMs: 1.5, treeMs: 1.5, breakEven: 1.5, paper: null, optimal: null },
    {
      ...{ rows: 2, chainMs: 2, treeMs: 2.25, breakEven: 2 },
      paper: { tau: 1.25, tokensPerSecond: 555.6 },
      optimal: { tau: 2.5, tokensPerSecond: 1111.1 },
    },
  ],
  choice: {
    ...{ mode: 'ppd-static', rows: 2, tokensPerSecond: 1111.1, speedup: 1.11 },
    reason: 'Trees pay.',
  },
  quiet: true,
  file: '/models/.tuning/a.json',
};

function report(changes: Partial<TuningResult> = {}): string {
  assert.ok(READY.kind === 'ready');
  return tuningReport(READY, { ...RESULT, ...changes });
}

describe('report of a tuning', () => {
  it('says what was measured, every size and method, the choice and why', () => {
    const text = report();
    assert.match(text, /^# .+\n\n- Model: fake, .*\n- Device: cpu: fake, 1 thread\n/);
    assert.match(text, /behind 128 and 1536 tokens/);
    assert.match(text, /\| +1 \| +1\.50 \| +1\.50 \| +1\.50 \| +\| +\|\n/);
    assert.match(text, /\| +2 \| +2\.00 \| +2\.00 \| +2\.25 \| +1\.25, 556 \| +2\.50, 1111 \|\n/);
    assert.match(text, /ppd-static, 2 rows, 1111 tok\/s, 1\.11x .* Trees pay\.\n$/);
  });

  it('says whether it is used, and where it is kept', () => {
    assert.match(report(), /Mode auto starts from this.* Kept in \/models\/\.tuning\/a\.json\n/);
    assert.match(report({ file: null }), /Mode auto starts from this.* could not be kept\.\n/);
    const busy = report({ quiet: false, file: null });
    assert.match(busy, /Other programs were at work, so this is not used/);
    assert.ok(!busy.includes('Mode auto'));
  });
});
