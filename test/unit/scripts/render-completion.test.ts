import assert from 'node:assert/strict';
import { cutLine, renderCompletion } from '../../../scripts/start/render-completion.ts';

const mark = (text: string): string => `<${text}>`;

describe('a completion in the terminal', () => {
  it('stands in its line, between its neighbours', () => {
    const shown = renderCompletion('one\ntwo();\nthree', { line: 2, column: 5 }, 'x', mark);
    assert.equal(shown, '   1 | one\n   2 | two(<x>);\n   3 | three');
  });

  it('of several lines moves the following numbers', () => {
    const shown = renderCompletion('a\nb', { line: 1, column: 2 }, ' {\n\n}', mark);
    assert.equal(shown, '   1 | a< {>\n   2 |\n   3 | <}>\n   4 | b');
  });

  it('is asked for where the rest of the line was cut off', () => {
    assert.equal(cutLine('one\ntwo();\nthree', { line: 2, column: 5 }), 'one\ntwo(\nthree');
  });
});
