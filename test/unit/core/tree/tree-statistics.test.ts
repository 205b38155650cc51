import assert from 'node:assert/strict';
import { argmax } from '../../../../engine/core/decode/decoder.ts';
import { acceptanceOf, choiceAt } from '../../../../engine/core/decode/sampling.ts';
import { TreeStrategy } from '../../../../engine/core/decode/tree-strategy.ts';
import { seededRandom, type RandomSource } from '../../../../engine/core/metrics/percentiles.ts';
import { softmaxOf, type acceptByChoice } from '../../../../engine/core/tree/accept.ts';
import {
  OnlineAccuracies,
  observeGuesses,
  type Accuracies,
} from '../../../../engine/core/tree/accuracies.ts';
import { AdaptivePolicy } from '../../../../engine/core/tree/adaptive-policy.ts';
import { fitCalibration } from '../../../../engine/core/tree/calibration.ts';
import { naiveTrees } from '../../../../engine/core/tree/build-tree.ts';
import { NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
import { optimalPlan, optimalTrees } from '../../../../engine/core/tree/optimal-tree.ts';
import { StaticPolicy, type TreePolicy } from '../../../../engine/core/tree/tree-policy.ts';
import { FakeModel } from '../../../support/fake-model.ts';
import {
  calibratedGuesser,
  CounterModel,
  FakeTreeDecoder,
  type Guesser,
  type RowSource,
} from '../../../support/fake-tree-model.ts';
import { VICUNA_7B } from './support.ts';

interface Measured {
  readonly tau: number;
  /** Tokens per millisecond by the latency table. */
  readonly rate: number;
}

async function measure(
  model: RowSource,
  guesser: Guesser,
  policy: TreePolicy,
  { steps, latencyMs }: { readonly steps: number; readonly latencyMs: readonly number[] },
): Promise<Measured> {
  const decoder = new FakeTreeDecoder(model, guesser, { count: 3, ensemble: 1 });
  const strategy = new TreeStrategy({
    decoder,
    tail: [1],
    policy,
    choose: argmax,
    isEnd: () => false,
    maxLength: latencyMs.length - 1,
  });
  await strategy.step();
  let tokens = 0;
  let cost = 0;
  for (let step = 0; step < steps; step += 1) {
    // What was accepted is of no use to a model that counts: keep the fake's cache short.
    decoder.truncate(0);
    const before = decoder.rows;
    const result = await strategy.step();
    assert.ok(result.kind === 'accepted');
    tokens += result.tokens.length;
    cost += latencyMs[decoder.rows - before]!;
  }
  return { tau: tokens / steps, rate: tokens / cost };
}

/** Upper 0.1 % of chi-square, by Wilson and Hilferty. */
function critical(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.09 * Math.sqrt(spread)) ** 3;
}

describe('tree decoding, statistically', () => {
  const model = new CounterModel();
  const flat = new Array<number>(40).fill(1);

  for (const [name, length] of [
    ['optimal', 9],
    ['optimal', 24],
    ['naive', 24],
  ] as const) {
    it(`reaches the predicted tau with the ${name} trees of ${length} rows`, async () => {
      const input = { accuracies: VICUNA_7B, states: 3, ensemble: 1, length };
      const [plan] = optimalTrees({ ...input, latencyMs: flat }, [length]).table;
      const trees = name === 'naive' ? naiveTrees(input) : plan!.trees;
      const predicted = name === 'naive' ? 1.887 : plan!.tau;
      const guesser = calibratedGuesser(model, seededRandom(4), (d) => VICUNA_7B[d - 1]!);
      const { tau } = await measure(model, guesser, new StaticPolicy(trees), {
        steps: 1500,
        latencyMs: flat,
      });
      assert.ok(Math.abs(tau / predicted - 1) < 0.04, `${tau} instead of ${predicted}`);
    });
  }

  it('learns p(d, r) from what it verifies', async () => {
    const input = { accuracies: VICUNA_7B, states: 3, ensemble: 1, latencyMs: flat };
    const online = new OnlineAccuracies({
      prior: VICUNA_7B.map((row) => row.map(() => 0.05)),
      priorWeight: 5,
      halfLife: 3000,
    });
    const fixed = new StaticPolicy(optimalTrees(input, [12]).table[0]!.trees);
    const policy: TreePolicy = {
      plan: (plan) => fixed.plan(plan),
      observe: (tokens, guesses) => {
        observeGuesses(online, guesses, tokens);
      },
    };
    const guesser = calibratedGuesser(model, seededRandom(8), (d) => VICUNA_7B[d - 1]!);
    await measure(model, guesser, policy, { steps: 2000, latencyMs: flat });
    for (const [index, tolerance] of [0.03, 0.05].entries()) {
      assert.ok(Math.abs(online.table()[index]![0]! - VICUNA_7B[index]![0]!) < tolerance);
    }
  });

  // How far a prompt token sees changes from place to place, as in code.
  const sure = [0.92, 0.03, 0.01, 0.005];
  const unsure = [0.1, 0.07, 0.05, 0.04];
  const either = (_: number, random: RandomSource) => (random() < 0.4 ? sure : unsure);
  const mean = sure.map((p, rank) => 0.4 * p + 0.6 * unsure[rank]!);
  for (const [device, latencyOf] of [
    ['flat', (n: number) => 10 + 0.1 * n],
    ['stepwise', (n: number) => 10 + 0.6 * n + (n > 8 ? 3 : 0)],
    ['steep', (n: number) => 10 + 1.5 * n],
  ] as const) {
    it(`does more per millisecond with adaptive trees where contexts differ: ${device} L(n)`, async () => {
      const latencyMs = Array.from({ length: 25 }, (_, n) => latencyOf(n));
      const accuracies: Accuracies = [mean, mean, mean];
      const plan = optimalPlan({ accuracies, states: 3, ensemble: 1, latencyMs });
      const adaptive = new AdaptivePolicy({
        calibration: fitCalibration([], 3),
        ranks: 4,
        ensemble: 1,
        latencyMs,
        values: plan.values,
        tokensPerMs: plan.tokensPerSecond / 1000,
      });
      const run = (policy: TreePolicy) =>
        measure(model, calibratedGuesser(model, seededRandom(21), either), policy, {
          steps: 800,
          latencyMs,
        });
      const fixed = await run(new StaticPolicy(plan.trees));
      const grown = await run(adaptive);
      assert.ok(Math.abs((fixed.rate * 1000) / plan.tokensPerSecond - 1) < 0.05);
      assert.ok(grown.rate > 1.01 * fixed.rate, `${grown.rate} against ${fixed.rate}`);
    });
  }

  it('copies what it has seen through n-grams alone', async () => {
    const ngrams = new AdaptivePolicy({
      calibration: null,
      ensemble: 1,
      values: Float64Array.of(0),
      tokensPerMs: 0.09,
      latencyMs: Array.from({ length: 17 }, (_, n) => 10 + n),
      ngrams: new NgramIndex([1]),
    });
    const guesser: Guesser = () => assert.fail('no prompt tokens');
    const latencyMs = Array.from({ length: 17 }, (_, n) => 10 + n);
    // The counter repeats itself after 64 tokens.
    const { tau } = await measure(model, guesser, ngrams, { steps: 300, latencyMs });
    assert.ok(tau > 3, `${tau}`);
  });

  describe('at a temperature', () => {
    const small = new FakeModel(17, 5);
    const temperature = 4;
    const prompt = [1, 2, 3];
    const trials = 2000;

    /** Chi-square of the second and third token against the model's own distribution. */
    async function chiSquare(
      accept: typeof acceptByChoice,
    ): Promise<{ value: number; limit: number }> {
      const random = seededRandom(99);
      const guesser = calibratedGuesser(small, random, () => [0.5, 0.2]);
      const plan = optimalTrees(
        {
          accuracies: [
            [0.5, 0.2],
            [0.5, 0.2],
          ],
          states: 2,
          ensemble: 1,
          latencyMs: flat,
        },
        [10],
      ).table[0]!;
      const counts = new Map<string, number>();
      for (let trial = 0; trial < trials; trial += 1) {
        const decoder = new FakeTreeDecoder(small, guesser, { count: 2, ensemble: 1 });
        const strategy = new TreeStrategy({
          decoder,
          tail: prompt,
          policy: new StaticPolicy(plan.trees),
          choose: choiceAt({ temperature, typicalAcceptance: false }, random),
          isEnd: () => false,
          maxLength: 10,
          accept,
        });
        const tokens: number[] = [];
        while (tokens.length < 3) {
          const step = await strategy.step();
          assert.ok(step.kind === 'accepted');
          tokens.push(...step.tokens);
        }
        const key = tokens.slice(0, 3).join();
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      return compare(counts);
    }

    function compare(counts: ReadonlyMap<string, number>): { value: number; limit: number } {
      let cells = 0;
      let value = 0;
      const rare = { expected: 0, seen: 0 };
      const visit = (tokens: readonly number[], chance: number): void => {
        if (tokens.length < 3) {
          const row = small.row([...prompt, ...tokens]);
          const { chances } = softmaxOf({
            ids: row.ids,
            logits: row.logits.map((logit) => logit / temperature),
          });
          row.ids.forEach((id, rank) => {
            visit([...tokens, id], chance * chances[rank]!);
          });
          return;
        }
        const seen = counts.get(tokens.join()) ?? 0;
        const expected = chance * trials;
        if (expected < 8) {
          rare.expected += expected;
          rare.seen += seen;
        } else {
          cells += 1;
          value += (seen - expected) ** 2 / expected;
        }
      };
      visit([], 1);
      if (rare.expected > 0) value += (rare.seen - rare.expected) ** 2 / rare.expected;
      return { value, limit: critical(cells) };
    }

    it('draws from the model, exactly', async () => {
      const { value, limit } = await chiSquare(
        acceptanceOf({ temperature, typicalAcceptance: false }),
      );
      assert.ok(value < limit, `${value} over ${limit}`);
    });

    it('does not with typical acceptance, which the same test shows', async () => {
      const { value, limit } = await chiSquare(
        acceptanceOf({ temperature, typicalAcceptance: true }),
      );
      assert.ok(value > 2 * limit, `${value} under ${2 * limit}`);
    });
  });
});
