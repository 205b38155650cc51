import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LatencyEstimator } from '../../../../engine/core/latency/latency-estimator.ts';
import {
  planLatency,
  SHORTEST_CONTEXT_TOKENS,
  type Concession,
} from '../../../../engine/core/latency/plan-latency.ts';
import { buildPrompt } from '../../../../engine/core/prompt/fim-prompt.ts';
import { commonPrefixLength } from '../../../../engine/core/prompt/reuse-prefix.ts';

const VOCABULARY = {
  // A token for each character.
  tokenize: (text: string) => Array.from(text, (char) => char.charCodeAt(0)),
  fim: { prefix: 1000, suffix: 1001, middle: 1002 },
  beginOfText: null,
};

interface Device {
  prefillMs: number;
  decodeMs: number;
}

interface Seen {
  readonly evaluated: number;
  readonly promptTokens: number;
  readonly maxTokens: number;
  /** By the simulated clock: until the first line was complete. */
  readonly lineMs: number;
  readonly concessions: readonly Concession[];
}

/** An engine with a clock of its own: a cache, a device, and completions of a given line length. */
class SimulatedEngine {
  readonly device: Device;
  lineTokens = 10;
  readonly #estimator = new LatencyEstimator();
  #cache: readonly number[] = [];

  constructor(device: Device) {
    this.device = device;
  }

  complete(prefix: string, suffix: string, budgetMs: number | null, maxTokens = 64): Seen {
    const { estimate } = this.#estimator;
    const promptWithin = (tokens: number) =>
      buildPrompt(VOCABULARY, { prefix, suffix }, tokens).tokens;
    const unseenIn = (prompt: readonly number[]) =>
      Math.max(1, prompt.length - commonPrefixLength(this.#cache, prompt));
    const plan =
      budgetMs === null || estimate === null
        ? { prompt: promptWithin(4000), maxTokens, concessions: [] }
        : planLatency({
            budgetMs,
            estimate,
            mostPromptTokens: 4000,
            promptWithin,
            lengthOf: (prompt) => prompt.length,
            unseenIn,
            maxTokens,
          });
    const evaluated = unseenIn(plan.prompt);
    const prefillMs = Math.max(this.device.decodeMs, evaluated * this.device.prefillMs);
    const line = Math.min(this.lineTokens, plan.maxTokens);
    this.#cache = plan.prompt;
    this.#estimator.observe({
      evaluated,
      prefillMs,
      decoded: plan.maxTokens - 1,
      decodeMs: (plan.maxTokens - 1) * this.device.decodeMs,
      lineTokens: line,
    });
    return {
      evaluated,
      promptTokens: plan.prompt.length,
      maxTokens: plan.maxTokens,
      lineMs: prefillMs + (line - 1) * this.device.decodeMs,
      concessions: plan.concessions,
    };
  }
}

const line = (index: number) => `value${index} = compute(${index})\n`;
const text = (lines: number) => Array.from({ length: lines }, (_, index) => line(index)).join('');
const kinds = (seen: Seen) => seen.concessions.map(({ kind }) => kind);

describe('the latency contract', () => {
  it('gives nothing up where everything is in time', () => {
    const engine = new SimulatedEngine({ prefillMs: 0.01, decodeMs: 1 });
    engine.complete(text(80), '', 200);
    const seen = engine.complete(text(90), '', 200);
    assert.deepEqual(seen.concessions, []);
    assert.equal(seen.maxTokens, 64);
  });

  it('shortens a context that would take too long, and says from what to what', () => {
    const engine = new SimulatedEngine({ prefillMs: 0.1, decodeMs: 2 });
    engine.complete(text(100), 'x'.repeat(50), 150);
    const whole = engine.complete(`# other\n${text(100)}`, 'y', null);
    const seen = engine.complete(`# third\n${text(100)}`, 'y', 150);
    const [shortened] = seen.concessions;
    assert.ok(shortened?.kind === 'context-shortened');
    assert.equal(shortened.from, whole.promptTokens);
    assert.equal(shortened.to, seen.promptTokens);
    assert.ok(seen.promptTokens > SHORTEST_CONTEXT_TOKENS);
    assert.ok(seen.lineMs <= 150, `${seen.lineMs}`);
  });

  it('keeps the window of a shortened context from keystroke to keystroke', () => {
    const engine = new SimulatedEngine({ prefillMs: 0.1, decodeMs: 2 });
    engine.complete(text(30), '', 150);
    let typed = `# elsewhere\n${text(100)}`;
    let first: Seen | null = null;
    let moves = 0;
    for (const char of 'const total = items.map((item) => item.price).reduce(sum, 0);\nnext') {
      typed += char;
      const seen = engine.complete(typed, 'after', 150);
      first ??= seen;
      assert.ok(seen.lineMs <= 150, `${seen.lineMs}`);
      assert.ok(seen.promptTokens >= first.promptTokens);
      if (seen !== first && seen.evaluated > 80) moves += 1;
    }
    assert.ok(first!.evaluated > 300);
    assert.equal(moves, 0);
  });

  it('takes up a longer context once the device has become faster', () => {
    const engine = new SimulatedEngine({ prefillMs: 0.1, decodeMs: 2 });
    engine.complete(text(100), '', 150);
    const slow = engine.complete(`# a\n${text(100)}`, '', 150);
    engine.device.prefillMs = 0.01;
    let fast = slow;
    for (let round = 0; round < 60; round += 1) {
      // Texts that share no window with one another.
      fast = engine.complete(text(100).replaceAll('v', String(round % 7)), '', 150);
    }
    assert.ok(fast.promptTokens > 1.5 * slow.promptTokens);
    assert.ok(!kinds(fast).includes('context-shortened'));
  });

  it('limits the length to what is in time, but not below a line', () => {
    const engine = new SimulatedEngine({ prefillMs: 0.01, decodeMs: 5 });
    engine.complete(text(20), '', 150);
    const seen = engine.complete(text(21), '', 150);
    assert.deepEqual(kinds(seen), ['length-limited']);
    assert.ok(seen.maxTokens >= engine.lineTokens);
    assert.ok(5 * seen.maxTokens <= 150);
  });

  it('says so when the budget cannot be met', () => {
    const engine = new SimulatedEngine({ prefillMs: 1, decodeMs: 50 });
    engine.complete(text(30), '', 150);
    const seen = engine.complete(`# new\n${text(30)}`, '', 150);
    const last = seen.concessions.at(-1);
    assert.ok(last?.kind === 'budget-too-small');
    assert.ok(last.expectedMs > 400);
    assert.equal(seen.maxTokens, engine.lineTokens);
  });

  it('meets every budget that can be met, with the longest context of its steps', () => {
    fc.assert(
      fc.property(
        fc.record({
          prefillMs: fc.double({ min: 0.001, max: 1, noNaN: true }),
          decodeMs: fc.double({ min: 0.1, max: 20, noNaN: true }),
          lineTokens: fc.integer({ min: 1, max: 30 }),
        }),
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 0, max: 4000 }),
        fc.integer({ min: 20, max: 1000 }),
        (estimate, length, cached, budgetMs) => {
          const unseenIn = (prompt: number) => Math.max(1, prompt - cached);
          const plan = planLatency({
            budgetMs,
            estimate,
            mostPromptTokens: 4000,
            promptWithin: (tokens) => Math.min(length, tokens),
            lengthOf: (prompt) => prompt,
            unseenIn,
            maxTokens: 64,
          });
          const ms = (prompt: number) =>
            Math.max(estimate.decodeMs, unseenIn(prompt) * estimate.prefillMs) +
            Math.min(64, estimate.lineTokens) * estimate.decodeMs;
          const late = plan.concessions.some(({ kind }) => kind === 'budget-too-small');
          assert.equal(ms(plan.prompt) > budgetMs, late);
          if (late) assert.ok(ms(Math.min(length, SHORTEST_CONTEXT_TOKENS)) > budgetMs);
          if (ms(length) <= budgetMs) assert.equal(plan.prompt, length);
          else if (!late) assert.ok(ms(2 * plan.prompt) > budgetMs || plan.prompt >= length);
          assert.ok(plan.maxTokens >= 1 && plan.maxTokens <= 64);
        },
      ),
    );
  });
});
