import assert from 'node:assert/strict';
import { toLf, withSuggestion } from '../../../extension/snapshot.ts';
import { snapshotOf } from './support.ts';

describe('line ends', () => {
  const cases: readonly [string, string][] = [
    ['', ''],
    ['a\nb', 'a\nb'],
    ['a\r\nb\r\n', 'a\nb\n'],
    ['a\rb', 'a\nb'],
    ['a\r\n\r\nb', 'a\n\nb'],
  ];
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} -> ${JSON.stringify(expected)}`, () => {
      assert.equal(toLf(text), expected);
    });
  }
});

describe('a selected suggestion', () => {
  it('changes nothing when there is none', () => {
    const snapshot = snapshotOf('a|b');
    assert.equal(withSuggestion(snapshot, null), snapshot);
  });

  it('stands in the text as if accepted', () => {
    const selected = { text: 'console', replacesBefore: 3, replacesAfter: 1 };
    const { prefix, suffix, cursorOffset, documentLengthChars } = withSuggestion(
      snapshotOf('x con|s.y'),
      selected,
    );
    assert.deepEqual([prefix, suffix], ['x console', '.y']);
    assert.equal(cursorOffset, prefix.length);
    assert.equal(documentLengthChars, prefix.length + suffix.length);
  });
});
