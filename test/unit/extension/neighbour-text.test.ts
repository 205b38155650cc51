import assert from 'node:assert/strict';
import {
  chooseNeighbours,
  MOST_NEIGHBOURS,
  neighbourText,
  type OpenDocument,
} from '../../../extension/neighbour-text.ts';

/** A document that tells which lines were asked for. */
class FakeDocument implements OpenDocument {
  readonly path = 'a.py';
  readonly languageId = 'python';
  readonly read = new Set<number>();
  readonly cursorLine: number;
  readonly #lines: readonly string[];

  constructor(lines: readonly string[], cursorLine = 0) {
    this.#lines = lines;
    this.cursorLine = cursorLine;
  }

  get lineCount(): number {
    return this.#lines.length;
  }

  lineLength(line: number): number {
    this.read.add(line);
    return this.#lines[line]!.length;
  }

  textOf(start: number, end: number): string {
    return this.#lines.slice(start, end).join('\r\n');
  }
}

/** Indexes of those that are taken; a capital is a document of that language that is excluded. */
const order = (text: string) =>
  chooseNeighbours(
    Array.from(text, (each, index) => ({ languageId: each.toLowerCase(), index, each })),
    ({ languageId, each }) => languageId === each,
  )
    .map(({ index }) => index)
    .join(' ');

describe('texts of open editors', () => {
  const orders: readonly [documents: string, taken: string][] = [
    ['', ''],
    ['pttp', '0 3 1 2'],
    ['pttttttttttp', '0 11 1 2 3 4 5 6'],
    ['PttPp', '4 1 2'],
    ['TTT', ''],
  ];
  for (const [documents, taken] of orders) {
    it(`are chosen by language, then by use, without excluded ones: ${documents}`, () => {
      assert.equal(order(documents), taken);
      assert.ok(taken.split(' ').length <= MOST_NEIGHBOURS);
    });
  }

  it('are whole where they are short, with LF line ends', () => {
    assert.deepEqual(neighbourText(new FakeDocument(['a', 'b', ''])), {
      path: 'a.py',
      languageId: 'python',
      text: 'a\nb\n',
    });
  });

  it('are cut around the cursor in lines, and no more is looked at', () => {
    const lines = Array.from({ length: 100_000 }, (_, at) => `line ${at} ${'x'.repeat(80)}`);
    const document = new FakeDocument(lines, 50_000);
    const { text } = neighbourText(document)!;
    assert.ok(text.length > 16_000 && text.length <= 32_000);
    assert.ok(text.includes('\nline 49950 ') && text.includes('\nline 50050 '));
    assert.ok(document.read.size < 1000);
  });

  it('follow a cursor that is behind the end by now', () => {
    assert.equal(neighbourText(new FakeDocument(['a', 'b'], 9))?.text, 'a\nb');
  });

  const nothing: readonly [name: string, lines: readonly string[]][] = [
    ['an empty document', ['']],
    ['blank lines', ['', '  ', '']],
    ['binary text', ['a\0b']],
    ['a line too long to be completed', ['x'.repeat(20_000)]],
  ];
  for (const [name, lines] of nothing) {
    it(`are not taken from ${name}`, () => {
      assert.equal(neighbourText(new FakeDocument(lines)), null);
    });
  }
});
