import assert from 'node:assert/strict';
import {
  extendSelected,
  withSelected,
} from '../../../engine/core/completion/selected-suggestion.ts';

describe('selected suggestion', () => {
  it('is completed as if it had been accepted', () => {
    const selected = { text: 'console', replacesBefore: 2, replacesAfter: 1 };
    const around = withSelected({ prefix: 'x;\nco', suffix: 'n()\n' }, selected);
    assert.deepEqual(around, { prefix: 'x;\nconsole', suffix: '()\n' });
    assert.equal(extendSelected(selected, '.log'), 'console.log');
  });

  it('may replace nothing, or more than the window has', () => {
    const text = 'foo';
    const around = { prefix: 'a.', suffix: '' };
    assert.equal(
      withSelected(around, { text, replacesBefore: 0, replacesAfter: 0 }).prefix,
      'a.foo',
    );
    assert.equal(withSelected(around, { text, replacesBefore: 9, replacesAfter: 9 }).prefix, 'foo');
  });
});
