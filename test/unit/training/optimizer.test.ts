import assert from 'node:assert/strict';
import { adamStep, clipped, cosineRate, startAdam } from '../../../engine/core/training/adamw.ts';
import { embeddingScale, initialRows } from '../../../engine/core/training/initial-rows.ts';
import { drawDifferent, randomAt, shuffled } from '../../../engine/core/training/random.ts';

const near = (actual: number, expected: number, tolerance = 1e-6): void => {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);
};

describe('AdamW', () => {
  it('moves by the learning rate at first, against the gradient, whatever its size', () => {
    const start = startAdam(Float32Array.of(1, 1, 1));
    const { parameters, steps } = adamStep(start, Float32Array.of(1e-3, -5, 0), 0.25);
    assert.equal(steps, 1);
    near(parameters[0]!, 0.75, 1e-4);
    near(parameters[1]!, 1.25);
    assert.equal(parameters[2], 1);
  });

  it('takes the second step of a calculation by hand', () => {
    let state = adamStep(startAdam(Float32Array.of(0)), Float32Array.of(1), 0.1);
    state = adamStep(state, Float32Array.of(-3), 0.1);
    const first = (0.9 * 0.1 - 0.1 * 3) / (1 - 0.9 ** 2);
    const second = (0.999 * 0.001 + 0.001 * 9) / (1 - 0.999 ** 2);
    near(state.parameters[0]!, -0.1 - (0.1 * first) / Math.sqrt(second), 1e-6);
  });

  it('finds the bottom of a bowl, along a falling rate', () => {
    let state = startAdam(Float32Array.of(5, -3));
    const total = 300;
    for (let step = 0; step < total; step += 1) {
      const [x = 0, y = 0] = state.parameters;
      const gradient = Float32Array.of(x - 1, 10 * (y - 2));
      state = adamStep(state, clipped(gradient, 1), cosineRate(0.1, step / total));
    }
    near(state.parameters[0]!, 1, 0.01);
    near(state.parameters[1]!, 2, 0.01);
  });

  it('leaves what it is given unchanged', () => {
    const start = startAdam(Float32Array.of(1));
    adamStep(start, Float32Array.of(1), 0.1);
    assert.deepEqual(start, startAdam(Float32Array.of(1)));
  });

  it('shortens long gradients alone', () => {
    assert.deepEqual([...clipped(Float32Array.of(3, 4), 1)].map((x) => +x.toFixed(6)), [0.6, 0.8]);
    const short = Float32Array.of(0.3, 0.4);
    assert.equal(clipped(short, 1), short);
  });

  it('follows half a cosine', () => {
    const rates = [-1, 0, 0.5, 1, 2].map((progress) => cosineRate(2, progress));
    rates.forEach((rate, index) => {
      near(rate, [2, 2, 1, 0, 0][index]!);
    });
  });
});

describe('random numbers of training', () => {
  it('depend on their place alone', () => {
    const draw = (...place: number[]) => {
      const random = randomAt(...place);
      return [random(), random(), random()];
    };
    assert.deepEqual(draw(1, 2), draw(1, 2));
    const places = [draw(1, 2), draw(2, 1), draw(1), draw(1, 3), draw(1, 2, 0)];
    assert.equal(new Set(places.flat()).size, 15);
  });

  it('are spread evenly', () => {
    const random = randomAt(7);
    const bins = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index += 1) bins[Math.floor(10 * random())]! += 1;
    // Chi-square with 9 degrees of freedom: over 33.7 has a chance of 0.0001.
    const chi = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chi < 33.7, String(chi));
  });

  it('draw different numbers, rising, or all there are', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const drawn = [...drawDifferent(randomAt(seed), { from: 5, to: 25, count: 8 })];
      assert.equal(new Set(drawn).size, 8);
      assert.ok(drawn.every((each, index) => each >= 5 && each < 25 && each >= (drawn[index - 1] ?? 0)));
    }
    assert.deepEqual([...drawDifferent(randomAt(1), { from: 3, to: 6, count: 9 })], [3, 4, 5]);
    assert.equal(drawDifferent(randomAt(1), { from: 3, to: 3, count: 9 }).length, 0);
  });

  it('shuffle without loss', () => {
    const list = Array.from({ length: 30 }, (_, index) => index);
    const mixed = shuffled(randomAt(1), list);
    assert.notDeepEqual(mixed, list);
    assert.deepEqual(mixed.toSorted((a, b) => a - b), list);
  });
});

describe('rows that training begins with', () => {
  const sample = { embeddings: Float32Array.of(1, 2, 3, 4, -1, 0), embeddingLength: 2 };

  it('are the mean embedding', () => {
    const rows = initialRows(sample, { count: 2, ensemble: 1 }, randomAt(1));
    [1, 2, 1, 2].forEach((value, index) => {
      near(rows[index]!, value);
    });
  });

  it('differ a little where there are several for one prompt token', () => {
    const rows = initialRows(sample, { count: 1, ensemble: 3 }, randomAt(1));
    assert.equal(rows.length, 6);
    assert.equal(new Set(rows).size, 6);
    rows.forEach((value, index) => {
      near(value, index % 2 === 0 ? 1 : 2, 0.2 * embeddingScale(sample));
    });
  });
});
