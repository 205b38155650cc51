import assert from 'node:assert/strict';
import { completionFigures, latencyText, modeText, speedText } from '../../../extension/figures.ts';
import { HostWork } from '../../../extension/host-work.ts';
import { TypingRhythm } from '../../../extension/typing-rhythm.ts';
import { wait } from '../../../extension/wait.ts';

describe('figures', () => {
  const latencies: readonly [number, string][] = [
    [0, '<1 ms'],
    [0.94, '<1 ms'],
    [1.4, '1 ms'],
    [84.2, '84 ms'],
    [994.4, '994 ms'],
    [996, '1.0 s'],
    [1540, '1.5 s'],
    [9949, '9.9 s'],
    [12_345, '12 s'],
  ];
  for (const [ms, text] of latencies) {
    it(`${ms} -> ${text}`, () => {
      assert.equal(latencyText(ms), text);
    });
  }

  it('have a speed where tokens were decoded', () => {
    const timing = {
      promptTokens: 1,
      reusedTokens: 0,
      prefillMs: 0,
      decodeMs: 0,
      decodedTokens: 8,
      tokens: 9,
      steps: 9,
      tokensPerStep: 1,
      tokensPerSecond: 61.3,
    };
    assert.equal(completionFigures(84, timing), '84 ms, 61 tok/s');
    assert.equal(completionFigures(84, { ...timing, tokens: 0 }), '84 ms');
    assert.equal(completionFigures(84, undefined), '84 ms');
    assert.equal(speedText(1.26), '1.3 tok/s');
  });

  it('give the mode with its reason', () => {
    assert.equal(modeText({ mode: 'ngram', modeReason: null }), 'ngram');
    const auto = { mode: 'ngram', modeReason: 'auto uses ngram: it is fast' } as const;
    assert.equal(modeText(auto), 'ngram, because auto uses ngram: it is fast');
    const missing = { mode: 'plain', modeReason: 'There is no draft model.' } as const;
    assert.equal(modeText(missing), 'plain, because there is no draft model.');
  });
});

describe('host work', () => {
  it('adds up the work and leaves out the waits', async () => {
    let now = 0;
    const work = new HostWork(() => now);
    const clock = work.begin();
    now += 2;
    const waiting = clock.pause(Promise.resolve());
    now += 100;
    await waiting;
    now += 1;
    assert.equal(clock.finish(), 3);
    assert.deepEqual(work.samples, [3]);
  });

  it('counts on when what was waited for failed', async () => {
    let now = 0;
    const clock = new HostWork(() => now).begin();
    await assert.rejects(clock.pause(Promise.reject(new Error('no'))));
    now += 4;
    assert.equal(clock.finish(), 4);
  });
});

describe('typing rhythm', () => {
  const typed = { uri: 'a', version: 1, text: 'x' };

  it('measures the pace, not the pauses', () => {
    const rhythm = new TypingRhythm();
    for (const at of [0, 100, 250, 9000, 9100]) rhythm.record(typed, at);
    assert.deepEqual(rhythm.intervalsMs, [100, 150, 100]);
  });

  it('knows what was typed last in this version of the document only', () => {
    const rhythm = new TypingRhythm();
    rhythm.record(typed, 0);
    assert.equal(rhythm.lastTyped('a', 1), 'x');
    assert.equal(rhythm.lastTyped('a', 2), '');
    assert.equal(rhythm.lastTyped('b', 1), '');
  });
});

describe('wait', () => {
  it('ends at once when aborted, before and while waiting', async () => {
    const abort = new AbortController();
    const waiting = wait(60_000, abort.signal);
    abort.abort();
    await waiting;
    await wait(60_000, abort.signal);
  });

  it('ends by itself', async () => {
    await wait(1, new AbortController().signal);
  });
});
