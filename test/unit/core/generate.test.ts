import assert from 'node:assert/strict';
import fc from 'fast-check';
import { generate, type GenerateInput } from '../../../engine/core/decode/generate.ts';
import { PlainStrategy } from '../../../engine/core/decode/plain.ts';
import type { DecodingStrategy, StepResult } from '../../../engine/core/decode/strategy.ts';
import { greedyAfterLead, withoutLead } from '../../../engine/core/decode/token-choice.ts';
import { FakeDecoder, FakeModel } from '../../support/fake-model.ts';

const NO_TOKEN = -1;

/** Token n is the letter n of the alphabet; 26 is a line end, 27 ends the text. */
function piece(token: number): string {
  return token === 26 ? '\n' : String.fromCharCode(97 + (token % 26));
}

function input(overrides: Partial<GenerateInput> & Pick<GenerateInput, 'strategy'>): GenerateInput {
  return {
    maxTokens: 100,
    isEnd: (token) => token === 27,
    textStream: { push: piece, end: () => '' },
    lead: '',
    checkStop: () => ({ kind: 'continue' }),
    isLate: () => false,
    isCancelled: () => false,
    ...overrides,
  };
}

/** Plays back fixed steps. */
function scripted(...steps: readonly (readonly number[] | 'cancelled' | 'context-full')[]) {
  const rest = [...steps];
  const strategy: DecodingStrategy = {
    step(): Promise<StepResult> {
      const next = rest.shift();
      assert.ok(next !== undefined, 'asked for a step after the last');
      if (typeof next === 'string') return Promise.resolve({ kind: next });
      return Promise.resolve({ kind: 'accepted', tokens: next, margins: next.map(() => 1) });
    },
  };
  return { strategy, left: rest };
}

async function plainText(model: FakeModel, prompt: readonly number[], count: number) {
  const decoder = new FakeDecoder(model);
  const strategy = new PlainStrategy(decoder, prompt, (each) => each.ids[0]!);
  const result = await generate(
    input({ strategy, maxTokens: count, isEnd: (token) => token === NO_TOKEN }),
  );
  return { result, decoder };
}

describe('generate', () => {
  it('decodes plainly what the definition of greedy says, one token per step', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.nat(49), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        async (seed, prompt, count) => {
          const model = new FakeModel(seed);
          const { result, decoder } = await plainText(model, prompt, count);
          assert.ok(result.kind === 'done');
          assert.deepEqual(result.tokens, model.greedy(prompt, count));
          assert.equal(result.steps, count);
          assert.equal(result.finish, 'max-tokens');
          // The last token needs no forward pass: nobody asks what follows it.
          assert.equal(decoder.evaluated, prompt.length + count - 1);
        },
      ),
    );
  });

  it('drops what follows an end token in the same step', async () => {
    const { strategy, left } = scripted([0, 1], [2, 27, 3], [4]);
    const result = await generate(input({ strategy }));
    assert.deepEqual(result, {
      kind: 'done',
      text: 'abc',
      tokens: [0, 1, 2],
      margins: [1, 1, 1, 1],
      steps: 2,
      finish: 'end-of-text',
    });
    assert.equal(left.length, 1);
  });

  it('stops at the limit in the middle of a step', async () => {
    const { strategy } = scripted([0, 1], [2, 3, 4]);
    const result = await generate(input({ strategy, maxTokens: 3 }));
    assert.ok(result.kind === 'done');
    assert.equal(result.text, 'abc');
    assert.equal(result.finish, 'max-tokens');
  });

  it('keeps what a stop rule keeps', async () => {
    const { strategy } = scripted([0, 1, 2, 3]);
    const checkStop = (text: string) =>
      text.length === 3 ? ({ kind: 'stop', keep: 2 } as const) : ({ kind: 'continue' } as const);
    const result = await generate(input({ strategy, checkStop }));
    assert.ok(result.kind === 'done');
    assert.equal(result.text, 'ab');
    assert.equal(result.finish, 'stop-rule');
  });

  it('gives up at the deadline, but not before one line is complete', async () => {
    const { strategy, left } = scripted([26], [0], [1], [26, 2], [3]);
    const result = await generate(input({ strategy, isLate: () => true }));
    assert.ok(result.kind === 'done');
    assert.equal(result.text, '\nab');
    assert.equal(result.finish, 'deadline');
    assert.equal(left.length, 1);
  });

  it('reports cancelling and a full context as values', async () => {
    const cancelled = await generate(input({ strategy: scripted([0], 'cancelled').strategy }));
    assert.deepEqual(cancelled, { kind: 'cancelled', tokens: [0] });
    const full = await generate(input({ strategy: scripted([0], 'context-full').strategy }));
    assert.ok(full.kind === 'done');
    assert.equal(full.finish, 'context-full');
    assert.equal(full.text, 'a');
  });

  it('takes no further step once cancelled', async () => {
    const { strategy, left } = scripted([0], [1], [2]);
    let calls = 0;
    const isCancelled = () => (calls += 1) > 2;
    const result = await generate(input({ strategy, isCancelled }));
    assert.deepEqual(result, { kind: 'cancelled', tokens: [0, 1] });
    assert.equal(left.length, 1);
  });

  it('appends the bytes that a text stream held back', async () => {
    const { strategy } = scripted([0], [27]);
    const result = await generate(
      input({ strategy, textStream: { push: () => 'x', end: () => '\uFFFD' } }),
    );
    assert.ok(result.kind === 'done');
    assert.equal(result.text, 'x\uFFFD');
  });
});

describe('plain decoding', () => {
  it('ends when the context is full', async () => {
    const decoder = new FakeDecoder(new FakeModel(1), 4);
    const strategy = new PlainStrategy(decoder, [1, 2], (each) => each.ids[0]!);
    const kinds = [];
    for (let index = 0; index < 4; index += 1) kinds.push((await strategy.step()).kind);
    assert.deepEqual(kinds, ['accepted', 'accepted', 'accepted', 'context-full']);
  });

  it('passes on a cancelled decode', async () => {
    const decoder = new FakeDecoder(new FakeModel(1));
    const strategy = new PlainStrategy(decoder, [1, 2], (each) => each.ids[0]!);
    await strategy.step();
    decoder.cancelNext = true;
    assert.deepEqual(await strategy.step(), { kind: 'cancelled' });
  });
});

describe('white space held back from the prompt', () => {
  const row = (...ids: readonly number[]) => ({
    ids: Int32Array.from(ids),
    logits: Float32Array.from(ids, (_, index) => -index),
  });
  const pieces = ['    ', '  ', ' return', 'return', '', '\n'];
  const choose = (lead: string) => greedyAfterLead(lead, (token) => pieces[token] ?? '?');

  it('is greedy without any', () => {
    assert.equal(choose('')(row(3, 0)), 3);
  });

  it('takes the best candidate that spells it', () => {
    assert.equal(choose('    ')(row(3, 5, 0, 1)), 0);
    assert.equal(choose(' ')(row(3, 4, 2)), 2);
  });

  it('spells it in several tokens', () => {
    const next = choose('     ');
    assert.deepEqual([next(row(3, 0)), next(row(3, 2)), next(row(3, 2))], [0, 2, 3]);
  });

  it('gives way where no candidate agrees', () => {
    const next = choose('  ');
    assert.deepEqual([next(row(3, 5)), next(row(5, 1))], [3, 5]);
  });

  const cases: readonly [text: string, lead: string, rest: string][] = [
    ['    return', '    ', 'return'],
    ['  ', '    ', ''],
    ['      deeper', '    ', '  deeper'],
    [' less', '    ', 'less'],
    ['\n    next', '    ', '\n    next'],
    ['word', '', 'word'],
    ['\tx', '  ', 'x'],
  ];
  for (const [text, lead, rest] of cases) {
    it(`${JSON.stringify(text)} behind ${JSON.stringify(lead)} -> ${JSON.stringify(rest)}`, () => {
      assert.equal(withoutLead(text, lead), rest);
    });
  }
});
