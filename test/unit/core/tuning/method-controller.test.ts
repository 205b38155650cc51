import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../../../engine/core/metrics/percentiles.ts';
import { MethodController } from '../../../../engine/core/tuning/method-controller.ts';

/** What a method's steps do on a simulated device. */
interface Method {
  /** Mean milliseconds of a step; plain decoding takes 1. */
  readonly stepMs: number;
  /** Mean tokens of a step. */
  readonly tau: number;
}

interface Device {
  readonly methods: Readonly<Record<string, Method>>;
  /** A step takes up to this share more. */
  readonly jitter: number;
  /** Chance that the machine is busy elsewhere for 20 ms. */
  readonly pauses: number;
  readonly seed: number;
}

interface Run {
  /** Time over that of plain decoding for as many tokens, pauses left out. */
  readonly ratio: number;
  readonly share: ReadonlyMap<string, number>;
  readonly controller: MethodController<string>;
}

/** @param change What the methods are from half of the tokens on. */
function run(device: Device, tokens: number, change = device.methods): Run {
  const random = seededRandom(device.seed);
  const names = Object.keys(device.methods);
  const controller = new MethodController<string>({ baseline: 'plain', methods: names });
  const share = new Map<string, number>();
  let done = 0;
  let ms = 0;
  while (done < tokens) {
    const name = controller.choose();
    const methods = done < tokens / 2 ? device.methods : change;
    const { stepMs, tau } = methods[name] ?? { stepMs: 1, tau: 1 };
    // 1 + a geometric number of accepted candidates.
    let yielded = 1;
    while (yielded < 16 && random() < 1 - 1 / tau) yielded += 1;
    const own = stepMs * (1 + device.jitter * random());
    ms += own;
    done += yielded;
    share.set(name, (share.get(name) ?? 0) + yielded / tokens);
    controller.record(own + (random() < device.pauses ? 20 : 0), yielded);
  }
  return { ratio: ms / (done * (1 + device.jitter / 2)), share, controller };
}

const method = fc.record({
  stepMs: fc.double({ min: 0.9, max: 12, noNaN: true }),
  tau: fc.double({ min: 1, max: 3, noNaN: true }),
});
const devices: fc.Arbitrary<Device> = fc.record({
  methods: fc.dictionary(fc.constantFrom('ngram', 'static', 'adaptive', 'draft'), method),
  jitter: fc.double({ min: 0, max: 0.3, noNaN: true }),
  pauses: fc.double({ min: 0, max: 0.01, noNaN: true }),
  seed: fc.nat(),
});

const TOKENS = 4000;

/** Allowed debt once at the start, its renewal, and measuring the baseline. */
const MOST_LOSS = 0.05;

const quiet = { jitter: 0.1, pauses: 0, seed: 1 };

describe('method controller', () => {
  it('is never slower than plain decoding by more than a few per cent, on any device', () => {
    fc.assert(
      fc.property(devices, (device) => {
        const { ratio } = run(device, TOKENS);
        assert.ok(ratio <= 1 + MOST_LOSS, `${ratio}`);
      }),
      { numRuns: 100 },
    );
  });

  it('nor where methods turn bad, or good, while it works', () => {
    fc.assert(
      fc.property(devices, devices, (before, after) => {
        const { ratio } = run(before, TOKENS, { ...before.methods, ...after.methods });
        assert.ok(ratio <= 1 + MOST_LOSS, `${ratio}`);
      }),
      { numRuns: 100 },
    );
  });

  it('comes close to the best method of a device', () => {
    const excess = fc.sample(devices, { seed: 1, numRuns: 100 }).map((device) => {
      const costs = Object.values(device.methods).map(({ stepMs, tau }) => stepMs / tau);
      return run(device, TOKENS).ratio - Math.min(1, ...costs);
    });
    const mean = excess.reduce((sum, each) => sum + each, 0) / excess.length;
    assert.ok(mean < 0.05, `${mean}`);
  });

  it('keeps to the fastest, and measures plain decoding all the same', () => {
    const methods = { slow: { stepMs: 3, tau: 1.5 }, fast: { stepMs: 1.3, tau: 2 } };
    const { share, controller } = run({ ...quiet, methods }, TOKENS);
    assert.equal(controller.incumbent, 'fast');
    assert.ok(share.get('fast')! > 0.85, JSON.stringify([...share]));
    assert.ok(share.get('plain')! > 0.02 && share.get('plain')! < 0.08, `${share.get('plain')}`);
    assert.ok(Math.abs(controller.relativeCost('fast')! - 0.65) < 0.1);
  });

  it('falls back when the text changes, and notices when it pays again', () => {
    const good = { ngram: { stepMs: 1.2, tau: 2 } };
    const bad = { ngram: { stepMs: 1.2, tau: 1.05 } };
    assert.equal(run({ ...quiet, methods: good }, TOKENS, bad).controller.incumbent, 'plain');
    const again = run({ ...quiet, methods: bad }, 2 * TOKENS, good);
    assert.equal(again.controller.incumbent, 'ngram');
  });

  it('begins with plain decoding: without measurements nothing is used', () => {
    const controller = new MethodController({ baseline: 'plain', methods: ['ngram'] });
    for (let step = 0; step < 9; step += 1) {
      assert.equal(controller.choose(), 'plain');
      controller.record(1, 1);
    }
    assert.equal(controller.relativeCost('ngram'), null);
  });
});
