import assert from 'node:assert/strict';
import type { DeviceMeasurement } from '../../../engine/core/tuning/device-measurement.ts';
import type { TreeLayout } from '../../../engine/core/tree/layout-tree.ts';
import type { NativeContext } from '../../../engine/native/addon.d.ts';
import type { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';
import { Tuner } from '../../../engine/tuning/tuner.ts';

const NEVER = new AbortController().signal;
const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

/** A context whose passes take a turn of the event loop, and end at once when cancelled. */
class FakePlace {
  length = 0;
  passes = 0;
  prefills = 0;
  cancelled = 0;
  disposed = false;
  readonly vocabularySize = 1000;
  readonly promptTokens = { count: 2, ensemble: 1 };
  /** Called before every pass. */
  onPass: (passes: number) => void = () => undefined;
  #cancel = false;

  /** Rows of every pass but those of a prompt. */
  readonly rows: number[] = [];

  get decoders(): Record<'chains' | 'trees', NativeTreeDecoder> {
    const decoder = this as unknown as NativeTreeDecoder;
    return { chains: decoder, trees: decoder };
  }

  get contexts(): readonly NativeContext[] {
    return [this as unknown as NativeContext];
  }

  async prefill(tokens: readonly number[]): Promise<object | null> {
    this.prefills += 1;
    return (await this.#pass()) ? ((this.length = tokens.length), {}) : null;
  }

  async append(): Promise<object | null> {
    this.rows.push(1);
    return (await this.#pass()) ? ((this.length += 1), {}) : null;
  }

  async forward({ length }: TreeLayout): Promise<object | null> {
    this.rows.push(length);
    return (await this.#pass()) ? {} : null;
  }

  keep(): void {
    this.length += 1;
  }

  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }

  cancel(): void {
    this.cancelled += 1;
    this.#cancel = true;
  }

  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }

  async #pass(): Promise<boolean> {
    this.#cancel = false;
    this.onPass((this.passes += 1));
    await new Promise((resolve) => setImmediate(resolve));
    return !this.#cancel;
  }
}

function tuner(idleMs = 5) {
  const place = new FakePlace();
  const measured: DeviceMeasurement[] = [];
  const all = new Tuner({
    plan: { depths: [16, 32], mostRows: 8, budgetMs: 30 },
    withPromptTokens: true,
    open: () => Promise.resolve(place),
    onMeasured: (measurement) => {
      measured.push(measurement);
      return Promise.resolve();
    },
    idleMs,
  });
  return { place, measured, all };
}

describe('tuner', () => {
  it('lets a pass of another length come before those that it measures', async () => {
    const { place, all } = tuner();
    await all.measure(NEVER, () => undefined);
    const runs = Array.from({ length: place.rows.length / 5 }, (_, run) =>
      place.rows.slice(5 * run, 5 * run + 5),
    );
    assert.ok(runs.length >= 17);
    for (const [before, ...measured] of runs) {
      assert.equal(new Set(measured).size, 1);
      assert.notEqual(before, measured[0]);
    }
  });

  it('measures every length of both kinds at every depth, and frees its context', async () => {
    const { place, measured, all } = tuner();
    const progress: number[] = [];
    const result = await all.measure(NEVER, ({ done, total }) => progress.push(done / total));
    assert.deepEqual(measured, [result]);
    assert.deepEqual(
      result?.map((depth) => depth.contextTokens),
      [16, 32],
    );
    for (const { plainMs, chains, trees } of result) {
      assert.ok(plainMs > 0);
      for (const passes of [chains, trees!]) {
        assert.deepEqual(passes.lengths, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert.ok([...passes.steadyMs, ...passes.mixedMs].every((ms) => ms > 0));
      }
    }
    assert.deepEqual(
      progress,
      progress.toSorted((a, b) => a - b),
    );
    assert.ok(progress.length > 10 && progress.at(-1)! <= 1);
    assert.equal(place.disposed, true);
  });

  it('is interrupted by a request, waits for its end, and goes on from there', async () => {
    const { place, measured, all } = tuner();
    let during = -1;
    let after = -1;
    const request = new Promise<void>((resolve) => {
      place.onPass = (passes) => {
        if (passes !== 20) return;
        void all.whileBusy(async () => {
          await turn(1);
          during = place.passes;
          await turn(30);
          after = place.passes;
          resolve();
        });
      };
    });
    const measuring = all.measure(NEVER, () => undefined);
    await request;
    assert.equal(place.cancelled, 1);
    assert.equal(after, during, 'measured during a request');
    assert.equal(measured.length, 0);
    assert.ok((await measuring) !== null);
    assert.ok(place.passes > after);
    // The text is not evaluated again.
    assert.equal(place.prefills, 2);
  });

  it('ends when it is cancelled, at once, and can be asked again', async () => {
    const { place, measured, all } = tuner();
    const controller = new AbortController();
    place.onPass = (passes) => {
      if (passes === 10) controller.abort();
    };
    assert.equal(await all.measure(controller.signal, () => undefined), null);
    await turn(80);
    assert.ok(place.passes <= 11, `${place.passes} passes`);
    assert.equal(measured.length, 0);
    assert.equal(place.disposed, true);
    assert.ok((await all.measure(NEVER, () => undefined)) !== null);
  });

  it('in the background waits for idle time, and whoever asks meanwhile gets its result', async () => {
    const { place, all } = tuner(1_000_000);
    all.start();
    await turn(20);
    assert.equal(place.passes, 0);
    assert.ok((await all.measure(NEVER, () => undefined)) !== null);
  });

  it('ends with the model', async () => {
    const { place, measured, all } = tuner(0);
    const begun = new Promise<void>((resolve) => {
      place.onPass = () => {
        resolve();
      };
    });
    all.start();
    await begun;
    await all.dispose();
    const { passes } = place;
    await turn(20);
    assert.equal(place.passes, passes);
    assert.equal(place.disposed, true);
    assert.equal(measured.length, 0);
  });
});
