import assert from 'node:assert/strict';
import { argmax, type TokenRow } from '../../../../engine/core/decode/decoder.ts';
import { DraftAcceptance } from '../../../../engine/core/decode/draft/draft-acceptance.ts';
import {
  bestDraftLength,
  DraftEconomy,
} from '../../../../engine/core/decode/draft/draft-economy.ts';
import { seededRandom, type RandomSource } from '../../../../engine/core/metrics/percentiles.ts';
import { softmaxOf } from '../../../../engine/core/tree/accept.ts';
import { FakeModel } from '../../../support/fake-model.ts';
import { CounterModel, type RowSource } from '../../../support/fake-tree-model.ts';
import { DraftOf, openDraft, type DraftScene } from './support.ts';

/** A model of memory-bound passes: rows cost little. */
const FLAT = Array.from({ length: 17 }, (_, n) => 10 + n / 5);
/** The embedded model on one CPU thread. */
const STEEP = [0, 1, 1.3, 1.75, 2.3, 2.8, 3.35, 4, 4.6];

const MIDDLING = Array.from({ length: 17 }, (_, n) => 0.8 + n / 5);

/**
 * A draft that is right as often as it says, the chance depending on the text's last token:
 * `sure[last % sure.length]`.
 */
class HonestDraft implements RowSource {
  readonly vocabularySize = 64;
  sure: readonly number[];
  readonly #target: RowSource;
  readonly #random: RandomSource;

  constructor(target: RowSource, sure: readonly number[], random: RandomSource) {
    this.#target = target;
    this.sure = sure;
    this.#random = random;
  }

  row(context: readonly number[]): TokenRow {
    const last = context.at(-1) ?? 0;
    const chance = this.sure[last % this.sure.length]!;
    const truth = argmax(this.#target.row(context));
    const first = this.#random() < chance ? truth : (truth + 1) % 64;
    const ids = [first, ...Array.from({ length: 63 }, (_, index) => (first + 1 + index) % 64)];
    return {
      ids: Int32Array.from(ids),
      logits: Float32Array.from(ids, (_, rank) =>
        Math.log(rank === 0 ? chance : (1 - chance) / 63),
      ),
    };
  }
}

interface Measured {
  readonly tau: number;
  /** Against plain decoding, all passes of both models counted by their costs. */
  readonly speedup: number;
  readonly draftPasses: number;
}

type Opened = Awaited<ReturnType<typeof openDraft>>;

async function measure({ strategy, target, draft }: Opened, scene: DraftScene, count: number) {
  const { latencyMs, draftMs } = scene.costs;
  const draftPasses = draft.passes;
  let tokens = 0;
  let steps = 0;
  let cost = 0;
  for (; tokens < count; steps += 1) {
    const before = target.rows;
    const step = await strategy.step();
    assert.ok(step.kind === 'accepted');
    tokens += step.tokens.length;
    cost += latencyMs[target.rows - before] ?? 0;
  }
  const passes = draft.passes - draftPasses;
  const speedup = (tokens * latencyMs[1]!) / (cost + passes * draftMs);
  return { tau: tokens / steps, speedup, draftPasses: passes } satisfies Measured;
}

const counter = new CounterModel();

function scene(draft: RowSource, costs: DraftScene['costs'], draftPrompts = 0): DraftScene {
  return {
    target: counter,
    draft,
    prompt: [1],
    draftPrompts,
    targetPrompts: 0,
    ngrams: false,
    costs,
  };
}

describe('the economy of drafts', () => {
  it('drafts far where the draft is right and cheap', async () => {
    const right = scene(counter, { latencyMs: FLAT, draftMs: 0.5, readMs: 0.1 });
    const { tau, speedup } = await measure(await openDraft(right), right, 600);
    assert.ok(tau > 8, `${tau}`);
    assert.ok(speedup > 4, `${speedup}`);
  });

  it('falls silent where it is wrong, at a small share of the time', async () => {
    const wrong = new HonestDraft(counter, [0.05], seededRandom(2));
    const silent = scene(wrong, { latencyMs: FLAT, draftMs: 3, readMs: 0.3 });
    const opened = await openDraft(silent);
    await measure(opened, silent, 200);
    const { speedup } = await measure(opened, silent, 1500);
    assert.ok(speedup > 0.96, `${speedup}`);
  });

  it('never asks a draft that is as dear as the target', async () => {
    const dear = scene(counter, { latencyMs: STEEP, draftMs: 1, readMs: 1 });
    const { draftPasses } = await measure(await openDraft(dear), dear, 40);
    assert.equal(draftPasses, 0);
  });

  it('follows a draft that becomes better and worse again', async () => {
    const draft = new HonestDraft(counter, [0.9], seededRandom(3));
    const changing = scene(draft, { latencyMs: STEEP, draftMs: 0.15, readMs: 0.02 });
    const opened = await openDraft(changing);
    await measure(opened, changing, 400);
    const good = await measure(opened, changing, 600);
    draft.sure = [0.1];
    await measure(opened, changing, 400);
    const bad = await measure(opened, changing, 600);
    draft.sure = [0.9];
    await measure(opened, changing, 600);
    const again = await measure(opened, changing, 600);
    assert.ok(good.speedup > 1.25, `${good.speedup}`);
    assert.ok(bad.speedup > 0.95, `${bad.speedup}`);
    assert.ok(again.speedup > 0.95 * good.speedup, `${again.speedup} after ${good.speedup}`);
  });

  it('ends a draft where it is unsure, which beats every fixed length', async () => {
    const sure = [0.97, 0.97, 0.97, 0.97, 0.2];
    const mean = sure.reduce((sum, chance) => sum + chance, 0) / sure.length;
    const costs = { latencyMs: MIDDLING, draftMs: 0.15, readMs: 0.02 };
    const mixed = scene(new HonestDraft(counter, sure, seededRandom(5)), costs);
    const opened = await openDraft(mixed);
    await measure(opened, mixed, 800);
    const { speedup } = await measure(opened, mixed, 3000);
    const fixed = bestDraftLength(MIDDLING, 0.15, new Array<number>(12).fill(mean));
    assert.ok(speedup > 1.05 * fixed.tokensPerMs, `${speedup} against ${fixed.tokensPerMs}`);
  });

  it('reads a long text for a draft only where that pays', async () => {
    const prompt = Array.from({ length: 400 }, (_, index) => index % 64);
    const open = (readMs: number) => ({
      ...scene(counter, { latencyMs: STEEP, draftMs: 0.4, readMs }),
      prompt,
    });
    const dear = await measure(await openDraft(open(1)), open(1), 40);
    const cheap = await measure(await openDraft(open(0.001)), open(0.001), 40);
    assert.equal(dear.draftPasses, 0);
    assert.ok(cheap.draftPasses > 10);
  });

  it('takes fewer passes of a draft that guesses by prompt tokens', async () => {
    const costs = { latencyMs: FLAT, draftMs: 0.5, readMs: 0.1 };
    const [plain, prompted] = [scene(counter, costs), scene(counter, costs, 2)];
    const alone = await measure(await openDraft(plain), plain, 600);
    const guessing = await measure(await openDraft(prompted), prompted, 600);
    assert.ok(guessing.draftPasses < 0.75 * alone.draftPasses);
    assert.ok(guessing.speedup > alone.speedup);
  });

  it('takes what passes cost from the clock, in the unit of the table', () => {
    const economy = new DraftEconomy({ latencyMs: STEEP, draftMs: 0.1, readMs: 0.1 });
    const step = { tokens: 4, rows: 3, drafted: 2, clockMs: 5 * STEEP[3]! };
    for (let round = 0; round < 400; round += 1) {
      economy.observeStep(step);
      economy.observeDraft(4, 6);
    }
    assert.ok(Math.abs(economy.draftMs - 0.3) < 0.01, `${economy.draftMs}`);
    economy.observeDraft(4, 1e6);
    economy.observeStep({ ...step, clockMs: 1e6 });
    assert.ok(economy.draftMs < 0.35);
    const taken = economy.tokensPerMs;
    assert.ok(Math.abs(taken - 4 / (STEEP[3]! + 0.6)) < 0.05);
    // Not asked for long, it is given the time that it was thought to take.
    for (let round = 0; round < 2000; round += 1) {
      economy.observeStep({ tokens: 1, rows: 1, drafted: 0, clockMs: 5 });
    }
    assert.ok(Math.abs(economy.draftMs - 0.1) < 0.02, `${economy.draftMs}`);
  });
});

describe('bestDraftLength', () => {
  it('is the maximum of the formula of ppd.md section 5', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 50; round += 1) {
      const a = random();
      const draftMs = random();
      const rate = (length: number) => {
        const tokens = Array.from({ length: length + 1 }, (_, i) => a ** i);
        return tokens.reduce((x, y) => x + y, 0) / (length * draftMs + STEEP[length + 1]!);
      };
      const best = [0, 1, 2, 3, 4, 5, 6, 7].reduce((x, y) => (rate(y) > rate(x) ? y : x), 0);
      const plan = bestDraftLength(STEEP, draftMs, new Array<number>(16).fill(a));
      assert.equal(plan.length, best);
      assert.ok(Math.abs(plan.tokensPerMs - rate(best)) < 1e-12);
    }
  });
});

describe('acceptance of a draft', () => {
  it('is learnt by confidence and by rank', () => {
    const acceptance = new DraftAcceptance();
    const random = seededRandom(9);
    const row = (confidence: number): TokenRow => ({
      ids: Int32Array.of(1, 2, 3, 4),
      logits: Float32Array.of(
        Math.log(confidence),
        ...[0.6, 0.3, 0.1].map((share) => Math.log((1 - confidence) * share)),
      ),
    });
    for (let round = 0; round < 3000; round += 1) {
      const sure = random() < 0.5;
      const draw = random();
      // It is worse than it says, the more so where it is unsure.
      const truth = sure ? (draw < 0.8 ? 1 : 4) : draw < 0.2 ? 1 : draw < 0.6 ? 2 : 3;
      acceptance.observe([row(sure ? 0.95 : 0.45)], [truth]);
    }
    const sure = acceptance.chancesOf(row(0.95));
    const unsure = acceptance.chancesOf(row(0.45));
    assert.ok(Math.abs(sure[0]! - 0.8) < 0.06, `${sure[0]}`);
    assert.ok(Math.abs(unsure[0]! - 0.2) < 0.06, `${unsure[0]}`);
    assert.ok(Math.abs(unsure[1]! - 0.4) < 0.06, `${unsure[1]}`);
    assert.ok(Math.abs(acceptance.atDepth(1) - 0.5) < 0.1);
  });

  it('counts nothing behind the first wrong token', () => {
    const acceptance = new DraftAcceptance();
    const row: TokenRow = { ids: Int32Array.of(1, 2), logits: Float32Array.of(3, 0) };
    const before = acceptance.atDepth(2);
    acceptance.observe([row, row], [2, 1]);
    assert.equal(acceptance.atDepth(2), before);
    acceptance.observe([row, row], [1, 1]);
    assert.ok(acceptance.atDepth(2) > before);
  });
});

describe('drafts at a temperature', () => {
  it('draw from the model, exactly', async () => {
    const small = new FakeModel(17, 5);
    const temperature = 4;
    const prompt = [1, 2, 3];
    const trials = 1500;
    const random = seededRandom(99);
    const chancesOf = (row: TokenRow) =>
      softmaxOf({ ids: row.ids, logits: row.logits.map((logit) => logit / temperature) }).chances;
    const choose = (row: TokenRow): number => {
      let draw = random();
      const rank = chancesOf(row).findIndex((chance) => (draw -= chance) < 0);
      return row.ids[Math.max(0, rank)]!;
    };
    const counts = new Map<string, number>();
    let drafted = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const { strategy, draft } = await openDraft({
        target: small,
        draft: new DraftOf(small, new FakeModel(3, 5), 0.7),
        prompt,
        draftPrompts: trial % 2,
        targetPrompts: 0,
        ngrams: false,
        costs: { latencyMs: FLAT, draftMs: 0.1, readMs: 0 },
        choose,
      });
      const tokens: number[] = [];
      while (tokens.length < 3) {
        const step = await strategy.step();
        assert.ok(step.kind === 'accepted');
        tokens.push(...step.tokens);
      }
      drafted += draft.passes;
      const key = tokens.slice(0, 3).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.ok(drafted > trials);
    const { value, limit } = chiSquare(counts, trials, (tokens) =>
      chancesById(small.row([...prompt, ...tokens]), chancesOf),
    );
    assert.ok(value < limit, `${value} over ${limit}`);
  });
});

function chancesById(
  row: TokenRow,
  chancesOf: (row: TokenRow) => Float64Array,
): readonly (readonly [number, number])[] {
  const chances = chancesOf(row);
  return Array.from(row.ids, (id, rank) => [id, chances[rank]!] as const);
}

/** Of sequences of three tokens; those expected fewer than eight times count together. */
function chiSquare(
  counts: ReadonlyMap<string, number>,
  trials: number,
  next: (tokens: readonly number[]) => readonly (readonly [number, number])[],
): { readonly value: number; readonly limit: number } {
  let cells = 0;
  let value = 0;
  const rare = { expected: 0, seen: 0 };
  const visit = (tokens: readonly number[], chance: number): void => {
    if (tokens.length < 3) {
      for (const [id, p] of next(tokens)) visit([...tokens, id], chance * p);
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
  // Upper 0.1 % of chi-square, by Wilson and Hilferty.
  const spread = 2 / (9 * cells);
  return { value, limit: cells * (1 - spread + 3.09 * Math.sqrt(spread)) ** 3 };
}
