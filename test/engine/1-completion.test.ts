import assert from 'node:assert/strict';
import { completed, NEVER, request, TestEngine } from './support.ts';

const DOCUMENT = `/** Adds up all values. */
export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) {
    |
  }
  return total;
}
`;

/** What the engine writes from an empty cache: what every cached path must equal. */
async function fromScratch(text: string): Promise<string> {
  const fresh = new TestEngine();
  try {
    await fresh.ready();
    return completed(await fresh.complete(text)).text;
  } finally {
    await fresh.client.dispose();
  }
}

describe('engine: completion', () => {
  const engine = new TestEngine();
  after(() => engine.client.dispose());

  it('loads the embedded model and says so', async () => {
    const state = await engine.ready();
    assert.equal(state.model.embedded, true);
    assert.equal(state.model.fillInMiddle, true);
    assert.equal(state.device.backend, 'cpu');
    assert.ok(state.device.memoryBytes > 0 && state.device.threads > 0);
    const kinds = engine.states.map((each) => each.kind);
    assert.ok(kinds.includes('loading'));
    assert.equal(kinds.at(-1), 'ready');
  });

  it('completes, with consistent timing', async () => {
    const outcome = await engine.complete(DOCUMENT, { mode: 'plain' });
    const { text, timing, mode } = completed(outcome);
    assert.ok(text.trim() !== '');
    assert.equal(mode, 'plain');
    assert.equal(timing.reusedTokens, 0);
    assert.equal(timing.tokensPerStep, 1);
    assert.ok(timing.promptTokens > 20 && timing.tokens > 0 && timing.tokens <= 24);
    assert.ok(timing.prefillMs > 0 && timing.decodeMs > 0 && timing.tokensPerSecond > 0);
  });

  it('is deterministic, and evaluates one token when asked the same again', async () => {
    const first = completed(await engine.complete(DOCUMENT));
    const again = completed(await engine.complete(DOCUMENT));
    assert.equal(again.text, first.text);
    assert.equal(again.timing.promptTokens - again.timing.reusedTokens, 1);
  });

  it('draws at a temperature, within its limits', async () => {
    const texts = new Set<string>();
    for (let round = 0; round < 8; round += 1) {
      const sampling = { temperature: 2, typicalAcceptance: round % 2 === 1 };
      texts.add(completed(await engine.complete(DOCUMENT, { sampling, mode: 'ngram' })).text);
    }
    assert.ok(texts.size > 1, 'eight draws gave the same text');
    const sampling = { temperature: 3, typicalAcceptance: false };
    const outcome = await engine.complete(DOCUMENT, { sampling });
    assert.ok(outcome.kind === 'failed' && outcome.error.message.includes('foretoken.temperature'));
  });

  it('evaluates only the tail while a line is being typed', async () => {
    const line = 'total += value;';
    let evaluated = 0;
    for (let end = 1; end <= line.length; end += 1) {
      const typed = DOCUMENT.replace('|', `${line.slice(0, end)}|`);
      const { timing } = completed(await engine.complete(typed));
      evaluated += timing.promptTokens - timing.reusedTokens;
    }
    // The regression that this guards against (the typed text in front of the suffix) evaluates the
    // whole suffix, over 10 tokens, at each of the 15 keystrokes.
    assert.ok(evaluated / line.length < 3, `${evaluated} tokens in ${line.length} keystrokes`);
  });

  it('writes the same with a reused cache as from scratch', async () => {
    const variants = [
      DOCUMENT,
      DOCUMENT.replace('|', 'total|'),
      DOCUMENT.replace('let total', 'let amount'),
      DOCUMENT.replace('return total', 'return amount'),
      'function |',
    ];
    for (const variant of variants) await engine.complete(variant);
    for (const variant of variants.slice(0, 2)) {
      const { text } = completed(await engine.complete(variant));
      assert.equal(text, await fromScratch(variant));
    }
  });

  it('streams text that grows into the result', async () => {
    const parts: string[] = [];
    // Of what it has written before, auto may get all at once.
    const plain = request(DOCUMENT, { mode: 'plain' });
    const outcome = await engine.client.complete(plain, NEVER, (text) => {
      parts.push(text);
    });
    const { text } = completed(outcome);
    assert.ok(parts.length > 1);
    for (const [index, part] of parts.entries()) {
      assert.ok(index === 0 || part.startsWith(parts[index - 1] ?? ''));
    }
    // The last step may have brought more than the text keeps, or its end, which comes with the outcome.
    const last = parts.at(-1) ?? '';
    assert.ok(last.startsWith(text) || text.startsWith(last));
  });

  it('ends with the first line when asked to', async () => {
    const outcome = await engine.complete(DOCUMENT, { multiline: false, maxTokens: 64 });
    assert.ok(!completed(outcome).text.trim().includes('\n'));
  });

  it('respects the token limit and the deadline', async () => {
    const { timing, finishReason } = completed(await engine.complete('a = [|', { maxTokens: 1 }));
    assert.equal(timing.tokens, 1);
    assert.ok(['max-tokens', 'stop-rule'].includes(finishReason));
    const text = 'import os\nimport sys\nimport re\nimport json\nimport |';
    const late = completed(await engine.complete(text, { deadlineMs: 0, maxTokens: 512 }));
    assert.notEqual(late.finishReason, 'max-tokens');
    assert.ok(late.timing.tokens < 512);
  });
});

describe('engine: cancelling', () => {
  const engine = new TestEngine();
  before(() => engine.ready());
  after(() => engine.client.dispose());

  it('answers an aborted request with "cancelled", and the next one rightly', async () => {
    const expected = completed(await engine.complete(DOCUMENT)).text;
    for (const delayMs of [0, 1, 5, 20]) {
      const controller = new AbortController();
      const long = request(`${'const a = 1;\n'.repeat(100)}|`, { maxTokens: 512 });
      const outcome = engine.client.complete(long, controller.signal);
      setTimeout(() => {
        controller.abort();
      }, delayMs);
      const { kind } = await outcome;
      assert.ok(kind === 'cancelled' || kind === 'completed');
      if (delayMs === 0) assert.equal(kind, 'cancelled');
    }
    assert.equal(completed(await engine.complete(DOCUMENT)).text, expected);
  });

  it('lets the latest request win', async () => {
    const texts = ['let a = |', 'let b = |', 'let c = |', 'let d = |'];
    const outcomes = await Promise.all(
      texts.map((text) => engine.complete(text, { maxTokens: 128 })),
    );
    assert.deepEqual(
      outcomes.map((each) => each.kind),
      ['cancelled', 'cancelled', 'cancelled', 'completed'],
    );
  });
});
