import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { NeighbourFeed } from '../../../engine/decoding/neighbour-feed.ts';
import {
  MOST_NEIGHBOUR_TOKENS,
  NeighbourTokens,
} from '../../../engine/decoding/neighbour-tokens.ts';
import { Foreground } from '../../../engine/prompt-tokens/training/foreground.ts';
import type { DocumentContext, NeighbourText } from '../../../engine/protocol.ts';

/** One token per character. */
function tokens() {
  const tokenized: string[] = [];
  const neighbours = new NeighbourTokens((text) => {
    tokenized.push(text);
    return Array.from(text, (each) => each.charCodeAt(0));
  });
  const finish = () => {
    while (neighbours.advance());
  };
  return { neighbours, tokenized, finish };
}

const file = (path: string, text: string): NeighbourText => ({ path, languageId: 'python', text });

const at = (path: string, prefix = '', suffix = ''): DocumentContext => {
  return { path, languageId: 'python', prefix, suffix };
};

function shown(neighbours: NeighbourTokens, document: DocumentContext): readonly string[] {
  return neighbours.textsFor(document).map((text) => String.fromCharCode(...text));
}

/** Numbered lines of 20 characters. */
function lines(from: number, to: number): string {
  return Array.from(
    { length: to - from },
    (_, index) => `line ${String(from + index).padStart(14, '0')}\n`,
  ).join('');
}

describe('texts of open files', () => {
  it('are given with the most recently used last', () => {
    const { neighbours, finish } = tokens();
    neighbours.replace([file('a', 'first'), file('b', ''), file('c', 'third')]);
    finish();
    assert.deepEqual(shown(neighbours, at('x')), ['third', 'first']);
    neighbours.replace([]);
    assert.deepEqual(shown(neighbours, at('x')), []);
  });

  it('are tokenised in small pieces, each once, and used as far as they are', () => {
    const { neighbours, tokenized, finish } = tokens();
    const text = lines(0, 500);
    neighbours.replace([file('a', text)]);
    assert.deepEqual(shown(neighbours, at('x')), []);
    assert.ok(neighbours.advance());
    assert.deepEqual(shown(neighbours, at('x')), [text.slice(0, 2000)]);
    finish();
    assert.equal(tokenized.join(''), text);
    assert.ok(tokenized.every(({ length }) => length <= 2000));
    neighbours.replace([file('b', 'new'), file('a', text)]);
    finish();
    assert.equal(tokenized.at(-1), 'new');
    assert.deepEqual(shown(neighbours, at('x')), [text, 'new']);
  });

  it('are no more than the limit', () => {
    const { neighbours, tokenized, finish } = tokens();
    neighbours.replace([1, 2, 3, 4].map((each) => file(`${each}`, lines(0, 500))));
    finish();
    assert.equal(neighbours.textsFor(at('x')).flat().length, MOST_NEIGHBOUR_TOKENS);
    assert.ok(tokenized.join('').length < MOST_NEIGHBOUR_TOKENS + 2000);
  });

  const whole = lines(0, 700);
  const windows: readonly [name: string, document: DocumentContext, expected: readonly string[]][] =
    [
      [
        'in the middle',
        at('a', lines(200, 300), lines(300, 400)),
        [lines(400, 700), lines(0, 200)],
      ],
      ['at the start', at('a', lines(0, 100), lines(100, 300)), [lines(300, 700)]],
      ['at the end', at('a', lines(500, 700)), [lines(0, 500)]],
      [
        'with a changed line',
        at('a', `${lines(200, 290)}changed\n`, lines(300, 400)),
        [lines(400, 700), lines(0, 200)],
      ],
      ['of everything', at('a', lines(0, 300), lines(300, 700)), []],
      ['that is not found again', at('a', 'other\n', lines(300, 400)), []],
    ];
  for (const [name, document, expected] of windows) {
    it(`of the document itself come without the window: ${name}`, () => {
      const { neighbours, finish } = tokens();
      neighbours.replace([file('a', whole)]);
      finish();
      assert.deepEqual(shown(neighbours, document), expected);
    });
  }
});

describe('feeding texts of open files', () => {
  it('waits while a completion runs, and follows the model', async () => {
    const foreground = new Foreground();
    const models = [tokens(), tokens()];
    let model: ReturnType<typeof tokens> | undefined;
    const feed = new NeighbourFeed(foreground, () => model?.neighbours);
    feed.replace([file('a', 'text')]);
    await setImmediate();
    let finishCompletion: () => void = () => undefined;
    const completion = foreground.run(
      () => new Promise<void>((resolve) => (finishCompletion = resolve)),
    );
    model = models[0];
    feed.resume();
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    assert.deepEqual(models[0]?.tokenized, []);
    finishCompletion();
    await completion;
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    assert.deepEqual(models[0].tokenized, ['text']);
    model = models[1];
    feed.resume();
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    assert.deepEqual(models[1]?.tokenized, ['text']);
  });
});
