import assert from 'node:assert/strict';
import fc from 'fast-check';
import { buildPrompt, type PromptVocabulary } from '../../../engine/core/prompt/fim-prompt.ts';
import { commonPrefixLength, reusableLength } from '../../../engine/core/prompt/reuse-prefix.ts';

const PRE = 1001;
const SUF = 1002;
const MID = 1003;
const BOS = 1000;
const NAMES = new Map([
  [PRE, '<PRE>'],
  [SUF, '<SUF>'],
  [MID, '<MID>'],
  [BOS, '<BOS>'],
]);

/** One token per character. */
const vocabulary = (overrides: Partial<PromptVocabulary> = {}): PromptVocabulary => ({
  tokenize: (text) => Array.from(text, (each) => each.codePointAt(0)!),
  fim: { prefix: PRE, suffix: SUF, middle: MID },
  beginOfText: null,
  ...overrides,
});

function show(tokens: readonly number[]): string {
  return tokens.map((each) => NAMES.get(each) ?? String.fromCodePoint(each)).join('');
}

/** `|` marks the cursor. */
function prompt(text: string, budget = 500, overrides: Partial<PromptVocabulary> = {}) {
  const [prefix = '', suffix = ''] = text.split('|');
  const built = buildPrompt(vocabulary(overrides), { prefix, suffix }, budget);
  return { text: show(built.tokens), lead: built.lead, tokens: built.tokens };
}

describe('FIM prompt', () => {
  const cases: readonly [document: string, prompt: string, lead: string][] = [
    ['a\nfo|o\nb', '<PRE><SUF>o\nb<MID>a\nfo', ''],
    ['a\nx = |\nb', '<PRE><SUF>\nb<MID>a\nx =', ' '],
    ['a\n    |', '<PRE><SUF><MID>a\n', '    '],
    [`${'a\n'.repeat(31)}fo|o`, `<PRE><SUF>o<MID>${'a\n'.repeat(31)}fo`, ''],
    [`${'a\n'.repeat(32)}fo|o`, `<PRE>${'a\n'.repeat(16)}<SUF>o<MID>${'a\n'.repeat(16)}fo`, ''],
    [`${'a\n'.repeat(50)} |o`, `<PRE>${'a\n'.repeat(32)}<SUF>o<MID>${'a\n'.repeat(18)}`, ' '],
    ['|b', '<PRE><SUF>b<MID>', ''],
    ['a|', '<PRE><SUF><MID>a', ''],
    ['\t\t|}', '<PRE><SUF>}<MID>', '\t\t'],
  ];
  for (const [document, expected, lead] of cases) {
    it(`${JSON.stringify(document)} -> ${JSON.stringify(expected)}`, () => {
      const built = prompt(document);
      assert.deepEqual([built.text, built.lead], [expected, lead]);
    });
  }

  it('is the prefix alone for a vocabulary without FIM tokens', () => {
    assert.equal(prompt('a\nfo|o', 500, { fim: null }).text, 'a\nfo');
  });

  it('begins with the begin-of-text token where the model wants one', () => {
    assert.equal(prompt('a|b', 500, { beginOfText: BOS }).text, '<BOS><PRE><SUF>b<MID>a');
    assert.equal(prompt('a|b', 500, { beginOfText: BOS, fim: null }).text, '<BOS>a');
  });

  it('only appends while typing goes on, but for every sixteenth new line', () => {
    const typed = 'const a = 1;\n'.repeat(40);
    let previous = prompt('a\n|\nb', 2000).tokens;
    const begunAnew: number[] = [];
    for (let end = 1; end <= typed.length; end += 1) {
      const next = prompt(`a\n${typed.slice(0, end)}|\nb`, 2000).tokens;
      if (commonPrefixLength(previous, next) < previous.length) {
        begunAnew.push(typed.slice(0, end).split('\n').length);
      }
      previous = next;
    }
    assert.deepEqual(begunAnew, [32]);
  });

  it('has no text tokenised anew but the line that is typed', () => {
    const asked: string[] = [];
    const tokenize = (text: string): number[] => {
      asked.push(text);
      return Array.from(text, (each) => each.codePointAt(0)!);
    };
    const above = 'const a = 1;\n'.repeat(40);
    for (const fim of [{ prefix: PRE, suffix: SUF, middle: MID }, null]) {
      const ask = (typed: string): readonly string[] => {
        asked.length = 0;
        buildPrompt(
          { tokenize, fim, beginOfText: null },
          { prefix: above + typed, suffix: 'b' },
          2000,
        );
        return [...asked];
      };
      const before = new Set(ask('x = 1'));
      assert.deepEqual(
        ask('x = 12').filter((text) => !before.has(text)),
        ['x = 12'],
      );
    }
  });

  it('has fewer lines behind the middle token where they are long', () => {
    const long = `${'x'.repeat(40)}\n`;
    const linesBehind = (lines: number, budget: number): number =>
      prompt(`${long.repeat(lines)}a|`, budget)
        .text.split('<MID>')[1]!
        .split('\n').length - 1;
    assert.equal(linesBehind(40, 4000), 24);
    // 297 tokens before the cursor, of which 198 may stand behind it: four lines, not eight.
    assert.equal(linesBehind(40, 300), 4);
    assert.equal(linesBehind(43, 300), 3);
    assert.equal(linesBehind(40, 60), 0);
  });

  it('in text order ends at the cursor, and typing only appends, new lines included', () => {
    const inTextOrder = (prefix: string, fim: boolean) =>
      buildPrompt(vocabulary(fim ? {} : { fim: null }), { prefix, suffix: 'b' }, 500).inTextOrder;
    assert.equal(show(inTextOrder('a\nx = ', true)), 'b<PRE>a\nx =');
    assert.equal(show(inTextOrder('a\nx = ', false)), 'a\nx =');
    const text = 'a\nfoo(1);\nbar(2);\n';
    let previous = inTextOrder('', true);
    for (let end = 1; end <= text.length; end += 1) {
      const next = inTextOrder(text.slice(0, end), true);
      assert.equal(commonPrefixLength(previous, next), previous.length);
      previous = next;
    }
  });

  it('tells what had no room, so that nothing is lost and nothing is told twice', () => {
    const above = 'a'.repeat(300);
    const below = 'b'.repeat(300);
    const outside = (fim: boolean) =>
      buildPrompt(
        vocabulary(fim ? {} : { fim: null }),
        { prefix: `${above}\nx`, suffix: below },
        100,
      ).outside.map((part) => part.length);
    // 97 tokens are free: 24 for the suffix, and the prefix loses pieces of 256.
    assert.deepEqual(outside(true), [276, 256]);
    assert.deepEqual(outside(false), [256]);
    assert.deepEqual(
      buildPrompt(vocabulary(), { prefix: 'a\nx', suffix: 'b' }, 100).outside.flat(),
      [],
    );
  });

  it('never exceeds its budget, and moves its start seldom', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 3000 }),
        fc.string({ maxLength: 900 }),
        fc.string({ maxLength: 400 }),
        fc.integer({ min: 16, max: 2000 }),
        fc.boolean(),
        (above, suffix, line, budget, fim) => {
          const options = fim ? {} : { fim: null };
          const text = { prefix: `${above}\n${line.replaceAll('\n', ' ')}`, suffix };
          const built = buildPrompt(vocabulary(options), text, budget);
          assert.ok(built.tokens.length <= budget, `${built.tokens.length} > ${budget}`);
        },
      ),
    );
    const starts = new Set<string>();
    for (let length = 1000; length < 1256; length += 1) {
      const above = Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + index));
      starts.add(prompt(`${above.join('')}\nx|`, 700).text.slice(0, 6));
    }
    assert.ok(starts.size <= 2, `${starts.size} starts in 256 keystrokes`);
  });

  it('gives the suffix at most a quarter of the budget', () => {
    const built = prompt(`${'p'.repeat(2000)}\n|${'s'.repeat(2000)}`, 1003);
    assert.equal(built.text.split('s').length - 1, 250);
  });
});

describe('prefix reuse', () => {
  const cases: readonly [cached: number[], prompt: number[], reusable: number][] = [
    [[], [1, 2], 0],
    [[1, 2, 3], [1, 2, 4], 2],
    [[1, 2, 3], [1, 2, 3], 2],
    [[1, 2, 3, 4], [1, 2, 3], 2],
    [[1], [1, 2, 3], 1],
    [[9, 2], [1, 2], 0],
  ];
  for (const [cached, wanted, reusable] of cases) {
    it(`[${cached.join(' ')}] for [${wanted.join(' ')}] keeps ${reusable}`, () => {
      assert.equal(reusableLength(cached, wanted), reusable);
    });
  }
});
