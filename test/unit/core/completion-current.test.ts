import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  remainingCompletion,
  type ShownCompletion,
} from '../../../engine/core/completion/current-completion.ts';

/** `|` marks the cursor; the document begins `offset` characters before the marked text. */
function around(marked: string): { prefix: string; suffix: string } {
  const cursor = marked.indexOf('|');
  assert.ok(cursor >= 0, 'the text needs a cursor');
  return { prefix: marked.slice(0, cursor), suffix: marked.slice(cursor + 1) };
}

const BEFORE_WINDOW = 100;

function shownAt(marked: string, text: string, replaceLength = 0): ShownCompletion {
  const { prefix, suffix } = around(marked);
  const anchorOffset = BEFORE_WINDOW + prefix.length;
  return { uri: 'a', anchorOffset, prefix, suffix, languageId: 'typescript', text, replaceLength };
}

function stateAt(marked: string, uri = 'a') {
  const { prefix, suffix } = around(marked);
  return { uri, cursorOffset: BEFORE_WINDOW + prefix.length, prefix, suffix };
}

/** Rows: where the text was shown, the text, the document now, `text / replaced` or null. */
type Row = readonly [
  shown: string,
  text: string,
  now: string,
  expected: string | null,
  replaced?: number,
];

const rows: readonly Row[] = [
  ['foo|', 'Bar()', 'foo|', 'Bar() / 0'],
  ['foo|', 'Bar()', 'fooB|', 'ar() / 0'],
  ['foo|', 'Bar()', 'fooBar(|', ') / 0'],
  ['foo|', 'Bar()', 'fooBar()|', null],
  ['foo|', 'Bar()', 'foob|', null],
  ['foo|', 'Bar()', 'fo|', null],
  ['foo|', 'Bar()', 'foxB|', null],
  ['foo|\nx', 'Bar()', 'fooB|\nx', 'ar() / 0'],
  ['foo|\nx', 'Bar()', 'fooB|\ny', null],
  ['foo|', 'Bar\n  baz', 'fooBar\n|', '  baz / 0'],
  // The editor closed what was typed.
  ['foo|', '(a, b)', 'foo(|)', 'a, b) / 1'],
  ['foo|', '(a, b)', 'foo(a|)', ', b) / 1'],
  ['foo|', '(a, b', 'foo(|)', 'a, b / 0'],
  ['foo|;', '(a, b)', 'foo(|);', 'a, b) / 1'],
  ['x = |', 'f([1, 2])', 'x = f([|])', '1, 2]) / 2'],
  ['x = |', '"abc"', 'x = "|"', 'abc" / 1'],
  ['x = |', "['a']", "x = ['|']", "a'] / 2"],
  ['foo|\n', '(a, b)', 'foo(|)\n', 'a, b) / 1'],
  ['foo|', ' {\n  a();\n}', 'foo {|}', '\n  a();\n} / 1'],
  ['it(|)', '() => {\n  a();\n})', 'it(() => {|})', '\n  a();\n}) / 2', 1],
  ['foo|', '(a, b)', 'foo(|]]', null],
  ['foo|', '(a, b)', 'foo(|x)', null],
  // The rest of the line that the text brings itself.
  ['foo(|)', 'a, b)', 'foo(a|)', ', b) / 1', 1],
  ['foo(|)', 'g(a))', 'foo(g(|))', 'a)) / 2', 1],
];

describe('typing as suggested', () => {
  for (const [shown, text, now, expected, replaced] of rows) {
    it(`${JSON.stringify(shown)} + ${JSON.stringify(text)}, now ${JSON.stringify(now)}`, () => {
      const remaining = remainingCompletion(shownAt(shown, text, replaced), stateAt(now));
      const result = remaining && `${remaining.text} / ${remaining.replaceLength}`;
      assert.equal(result, expected);
    });
  }

  it('does not follow the user to another document', () => {
    assert.equal(remainingCompletion(shownAt('foo|', 'Bar()'), stateAt('fooB|', 'b')), null);
  });

  it('does not follow the cursor to the same text elsewhere', () => {
    const now = { ...stateAt('fooB|'), cursorOffset: BEFORE_WINDOW + 40 };
    assert.equal(remainingCompletion(shownAt('foo|', 'Bar()'), now), null);
  });

  it('compares what both windows have', () => {
    const shown = shownAt('foo|\nx\ny', 'Bar()');
    const now = { ...stateAt('fooB|\nx'), prefix: 'oB' };
    assert.equal(remainingCompletion(shown, now)?.text, 'ar()');
  });

  it('what was typed and what remains are the suggestion, also after backspacing', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.array(fc.nat(), { minLength: 1 }),
        (text, stops) => {
          const shown = shownAt('x = |', text);
          for (const stop of stops) {
            const typed = text.slice(0, stop % text.length);
            const prefix = shown.prefix + typed;
            const cursorOffset = BEFORE_WINDOW + prefix.length;
            const remaining = remainingCompletion(shown, {
              uri: 'a',
              cursorOffset,
              prefix,
              suffix: '',
            });
            assert.equal(typed + (remaining?.text ?? ''), text);
          }
        },
      ),
    );
  });

  it('ends in the same document, however far it was typed with closers added', () => {
    const inner = fc.constantFrom('a', 'bc', ', ', 'x.y');
    const { text: nested } = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { maxDepth: 4 },
        inner,
        tie('text').map((text) => `f(${text})`),
        tie('text').map((text) => `[${text}]`),
        fc.tuple(tie('text'), tie('text')).map(([a, b]) => `{ ${a}: "${b.replaceAll('"', '')}" }`),
      ),
    }));
    fc.assert(
      fc.property(nested, fc.constantFrom('', ';', '\nmore'), (text, after) => {
        const shown = shownAt(`x = |${after}`, text);
        for (let typed = 0; typed < text.length; typed++) {
          const now = typedWithClosers(text.slice(0, typed));
          const suffix = now.added + after;
          const prefix = shown.prefix + now.typed;
          const cursorOffset = BEFORE_WINDOW + prefix.length;
          const rest = remainingCompletion(shown, { uri: 'a', cursorOffset, prefix, suffix });
          assert.ok(rest, `${prefix}|${suffix}`);
          assert.equal(
            prefix + rest.text + suffix.slice(rest.replaceLength),
            `x = ${text}${after}`,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** What an editor makes of keystrokes: openers get their closers, closers are typed over. */
function typedWithClosers(keys: string): { typed: string; added: string } {
  const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}', '"': '"' };
  let added = '';
  for (const key of Array.from(keys)) {
    if (added.startsWith(key)) added = added.slice(1);
    else added = (closers[key] ?? '') + added;
  }
  return { typed: keys, added };
}
