import assert from 'node:assert/strict';
import fc from 'fast-check';
import { postprocess, type PostprocessInput } from '../../../engine/core/completion/postprocess.ts';
import type { RejectReason } from '../../../engine/core/completion/reasons.ts';

interface Options {
  readonly languageId?: string;
  readonly insertSpaces?: boolean;
  readonly tabSize?: number;
}

function inputOf(marked: string, options: Options = {}): PostprocessInput {
  const cursor = marked.indexOf('|');
  assert.ok(cursor >= 0, 'the document needs a cursor');
  return {
    prefix: marked.slice(0, cursor),
    suffix: marked.slice(cursor + 1),
    languageId: options.languageId ?? 'typescript',
    indentation: { insertSpaces: options.insertSpaces ?? true, tabSize: options.tabSize ?? 2 },
  };
}

/** The document after accepting, with the cursor behind the accepted text; or why there is none. */
function accept(raw: string, input: PostprocessInput): string {
  const outcome = postprocess(raw, input);
  if (outcome.kind === 'reject') return `(${outcome.reason})`;
  const { text, replaceLength } = outcome;
  assert.ok(
    isWithin(input.suffix.slice(0, replaceLength), text),
    'replaced text must be in the text',
  );
  return `${input.prefix}${text}|${input.suffix.slice(replaceLength)}`;
}

/** Editors show only texts that have all replaced characters, in their order. */
function isWithin(replaced: string, text: string): boolean {
  let from = 0;
  return Array.from(replaced).every((char) => (from = text.indexOf(char, from) + 1) > 0);
}

/** Rows: document with `|` for the cursor, raw text, document after accepting or `(reason)`. */
type Row = readonly [document: string, raw: string, expected: string, options?: Options];

function check(subject: string, rows: readonly Row[]): void {
  describe(subject, () => {
    for (const [document, raw, expected, options] of rows) {
      it(`${JSON.stringify(document)} + ${JSON.stringify(raw)} -> ${JSON.stringify(expected)}`, () => {
        assert.equal(accept(raw, inputOf(document, options)), expected);
      });
    }
  });
}

const reject = (reason: RejectReason): string => `(${reason})`;

const python: Options = { languageId: 'python', tabSize: 4 };

describe('postprocess', () => {
  check('auto-closed brackets and quotes', [
    ['foo(|)', 'a, b)', 'foo(a, b)|'],
    ['foo(|)', 'a, b', 'foo(a, b|)'],
    ['foo(|)', 'bar()', 'foo(bar()|)'],
    ['foo(|)', 'bar())', 'foo(bar())|'],
    ['foo(|)', 'a, b);', 'foo(a, b);|'],
    ['foo(|);', 'a, b);', 'foo(a, b);|'],
    ['foo(|);', 'a, b)', 'foo(a, b)|;'],
    ['foo(|);', 'a, b); // done', 'foo(a, b); // done|'],
    ['foo(|)', 'aa // why', 'foo(aa|)'],
    ['foo(bar(|))', 'x, y))', 'foo(bar(x, y))|'],
    ['foo(bar(|))', 'x, y)', 'foo(bar(x, y)|)'],
    ['foo(bar(|))', 'x), y', 'foo(bar(x), y|)'],
    ['foo([|])', '1, 2]', 'foo([1, 2]|)'],
    ['foo([|])', '1, 2], 3', 'foo([1, 2], 3|)'],
    ['foo([|])', '[1], [2]', 'foo([[1], [2]|])'],
    ['const x = { a: [|] };', '1, 2] };', 'const x = { a: [1, 2] };|'],
    ['const x = { a: [|] };', '1, 2]};', 'const x = { a: [1, 2]| };'],
    ['print("|")', 'hello")', 'print("hello")|'],
    ['print("|")', 'hello"', 'print("hello"|)'],
    ['print("|")', 'hello', 'print("hello|")'],
    ['print("|")', 'a" + "', 'print("a" + "|")'],
    ['print("|")', 'it\'s (so)")', 'print("it\'s (so)")|'],
    ["x = '|'", "abc'", "x = 'abc'|"],
    ['`${|}`', 'name}`', '`${name}`|'],
    ['foo(|) {', 'a, b) {', 'foo(a, b) {|'],
    ['foo(|) {', 'a, b)', 'foo(a, b)| {'],
    ['foo(|) {', 'a: number): void {', 'foo(a: number): void {|'],
    ['foo(|):', 'self, x):', 'foo(self, x):|', python],
    ['if (a|) {', ' && b', 'if (a && b|) {'],
    ['<div>|</div>', 'hello</div>', '<div>hello</div>|', { languageId: 'html' }],
    ['<div>|</div>', 'hello', '<div>hello|</div>', { languageId: 'html' }],
    ['/* | */', 'note */', '/* note */|'],
    ['a[|] = 1', 'i', reject('single-character')],
    ['a[|] = 1', 'idx]', 'a[idx]| = 1'],
    ['// see foo(|)', 'a, b)', '// see foo(a, b)|'],
  ]);

  check('brackets that do not fit are cut, never doubled', [
    ['foo(|)', 'aa]', 'foo(aa|)'],
    ['foo(|)', 'aa))', 'foo(aa)|'],
    ['foo(|)', 'bar(', 'foo(bar|)'],
    ['foo(|)', '() => {', 'foo(() =>|)'],
    ['foo(|)', ']', reject('unbalanced')],
    ['foo(bar, |baz)', 'qux)', 'foo(bar, qux|baz)'],
    ['foo(|);', 'ab) {', 'foo(ab)|;'],
    ['foo(ab|', ', cd)', 'foo(ab, cd)|'],
    ['foo(ab|;', ', cd)', 'foo(ab, cd)|;'],
    ['f({|})', ' a: 1 })', 'f({ a: 1 })|'],
    ['if (x) {|}', ' return; }', 'if (x) { return; }|'],
  ]);

  check('overlap with other text behind the cursor', [
    ['foo |bar baz', 'qux bar baz', 'foo qux bar baz|'],
    ['foo |bar baz', 'qux bar', 'foo qux bar| baz'],
    ['foo |bar', 'qux ', 'foo qux |bar'],
    ['foo |bar', 'qux b', 'foo qux b|bar'],
    ['const a = |;', 'b + c;', 'const a = b + c;|'],
    ['foo(|"bar")', 'xy, "bar")', 'foo(xy, "bar")|'],
    ['return |x;', 'not_', 'return not_|x;'],
    ['foo(|)   ', 'a, b)', 'foo(a, b)|   '],
  ]);

  check('several lines in the middle of a line', [
    ['function f(|) {\n}', 'a) {\n  return a;', 'function f(a) {\n  return a;|\n}'],
    ['foo(|)', 'aa)\nbar()', 'foo(aa)\nbar()|'],
    ['foo(|)', 'aa\nbar()', 'foo(aa|)'],
    ['it("x", |)', '() => {\n  go();\n})', 'it("x", () => {\n  go();\n})|'],
    ['it("x", |);', '() => {\n  go();\n});', 'it("x", () => {\n  go();\n});|'],
    ['it("x", |);', '() => {\n  go();\n}', 'it("x", () => {\n  go();\n}|);'],
    ['it("x", |);', '() => {\n  go();', 'it("x", () =>|);'],
    ['foo(|)', '\n  aa,\n  bb\n', 'foo(\n  aa,\n  bb\n)|'],
    ['foo(|)', '\nbar()', reject('unbalanced')],
    ['x = {|}', '\n  a: 1,\n}', 'x = {\n  a: 1,\n}|'],
    ['x = {|};', '\n  a: 1,\n}', 'x = {\n  a: 1,\n}|;'],
    ['  x = {|};', '\n    a: 1,', '  x = {\n    a: 1,\n  };|'],
    ['f({|});\nbar();', '\n  a: 1,\n});\nbar();', 'f({\n  a: 1,\n});|\nbar();'],
    ['for (const x of |) {\n}', 'xs) {\n  go(x);\n}', 'for (const x of xs) {\n  go(x);|\n}'],
    [
      'namespace a {\nvoid f(|\n}',
      'int x) {\n  go();\n}',
      'namespace a {\nvoid f(int x) {\n  go();\n}|\n}',
      { languageId: 'cpp' },
    ],
    ['foo(|', '\n  aa,\n  bb\n)', 'foo(\n  aa,\n  bb\n)|'],
    ['const f = |;', '() => {\n  go();\n};', 'const f = () => {\n  go();\n};|'],
  ]);

  check('lines below are not replayed', [
    ['if (a) {\n  |\n}', 'go();\n}', 'if (a) {\n  go();|\n}'],
    ['if (a) {|\n}', '\n  go();\n}', 'if (a) {\n  go();|\n}'],
    ['if (a) {|\n});', '\n  go();\n}', 'if (a) {\n  go();|\n});'],
    ['if (a) {|\n  }', '\n  go();\n}', 'if (a) {\n  go();\n}|\n  }'],
    ['  |\n  return a;\n}', 'let a = 1;\n  return a;\n}', '  let a = 1;|\n  return a;\n}'],
    ['  |\n\n  return a;\n}', 'let a = 1;\n  return a;\n\n}\n', '  let a = 1;|\n\n  return a;\n}'],
    ['  |\n  return a;\n}', 'return a;', reject('already-in-document')],
    [
      '  |\n  return a;',
      'if (b) {\n    return a;\n  }',
      '  if (b) {\n    return a;\n  }|\n  return a;',
    ],
    [
      'namespace a {\nvoid f() |\n}',
      '{\n  go();\n}',
      'namespace a {\nvoid f() {\n  go();\n}|\n}',
      { languageId: 'cpp' },
    ],
    [
      'def f\n  |\nend',
      'if x\n    y\n  end',
      'def f\n  if x\n    y\n  end|\nend',
      { languageId: 'ruby' },
    ],
    ['def f\n  |\nend', 'y(1)\nend', 'def f\n  y(1)|\nend', { languageId: 'ruby' }],
    ['let a|\nlet b = 2;', ' = 1;\nlet b = 2;', 'let a = 1;|\nlet b = 2;'],
  ]);

  check('echoes, loops and trifles', [
    ['|', '', reject('empty')],
    ['|', ' \n\n ', reject('empty')],
    ['foo|', ';', reject('single-character')],
    ['foo|', '😀', reject('single-character')],
    ['foo|', '()', 'foo()|'],
    ['foo(|)', ')', reject('already-in-document')],
    ['let a = 1;\n|', 'let a = 1;', reject('rewrites-line-above')],
    ['let a = 1;\n\n|', 'let a = 1;\nlet b = 2;', reject('rewrites-line-above')],
    ['let a = 1;\nlet |', 'a = 1;', reject('rewrites-line-above')],
    ['let a = 1;\nlet |', 'b = 1;', 'let a = 1;\nlet b = 1;|'],
    ['  }\n|', '}\n\nfoo();', '  }\n}\n\nfoo();|'],
    ['let a = 1;\nlet b = 2;\n|', 'let a = 1;\nlet b = 2;', reject('echoes-prompt')],
    ['const total = |', 'const total = 3;', reject('echoes-prompt')],
    ['xs = |', 'xs + ys', 'xs = xs + ys|'],
    ['a = |', 'b, '.repeat(40), reject('repetitive')],
    ['a = |', '[1, 2, 3], '.repeat(12), reject('repetitive')],
    ['a = |', 'foo(bar);\n'.repeat(8), reject('repetitive')],
    ['a = |', 'b, '.repeat(10) + 'c', `a = ${'b, '.repeat(10)}c|`],
    ['def f(self, |', 'radius, '.repeat(8) + 'radius', reject('repetitive')],
    [
      'def f(self, |',
      'radius, '.repeat(6),
      'def f(self, radius, radius, radius, radius, radius, radius,|',
    ],
    ['a = [|', '0, '.repeat(9) + '0]', `a = [${'0, '.repeat(9)}0]|`],
    ['// |', '-'.repeat(60), `// ${'-'.repeat(60)}|`],
    [
      'x = |',
      Array.from({ length: 20 }, (_, i) => `f(${i})`).join(', '),
      `x = ${Array.from({ length: 20 }, (_, i) => `f(${i})`).join(', ')}|`,
    ],
  ]);

  check('white space', [
    ['return |', ' x + 1', 'return x + 1|'],
    ['return|', ' x + 1', 'return x + 1|'],
    ['return|', '   x + 1', 'return x + 1|'],
    ['x = 1|', '  # one', 'x = 1  # one|', python],
    ['  a   int\n  bb|', '  int', '  a   int\n  bb  int|', { languageId: 'go' }],
    ['foo|', '();  ', 'foo();|'],
    ['foo|', '();  \n  bar(); \n\n', 'foo();\n  bar();|'],
    ['if (a) {\n|', '\tgo();\n\t\tb();', 'if (a) {\n  go();\n    b();|'],
    [
      'if (a) {\n|',
      '    go();\n      bb;',
      'if (a) {\n\tgo();\n\t  bb;|',
      { insertSpaces: false, tabSize: 4 },
    ],
    ['if (a) {\n  |', '  go();', 'if (a) {\n  go();|'],
    ['if (a) {\n  bb();\n  |', '  go();', 'if (a) {\n  bb();\n  go();|'],
    ['  if (a) {\n  |', '  go();', '  if (a) {\n    go();|'],
    ['if (a) {\n|', '  go();', 'if (a) {\n  go();|'],
    ['foo|', '();\r\nbar();\r', 'foo();\nbar();|'],
  ]);

  check('leftovers of special tokens', [
    ['foo|', '()<|fim_pad|>', 'foo()|'],
    ['foo|', '()<|endoftext|>import x', 'foo()|'],
    ['foo|', '()<EOT>', 'foo()|'],
    ['foo|', '<fim_middle>(1)', 'foo(1)|'],
    ['foo|', '<|fim_middle|><|fim_middle|>(1)<|file_sep|>', 'foo(1)|'],
    ['foo|', '(<|cursor|>1)', 'foo(1)|'],
    ['foo|', '(1)<｜fim▁end｜>x', 'foo(1)|'],
    ['foo|', '(1)<|fim_pre', 'foo(1)|'],
    ['foo|', '<|fim_pad|>', reject('empty')],
    ['const END = "<EOT>", end |', "= '<EOT>'", 'const END = "<EOT>", end = \'<EOT>\'|'],
    ['let y = x |', '<| f a', 'let y = x <| f a|', { languageId: 'fsharp' }],
    ['a |', '<b> c', 'a <b> c|'],
  ]);

  check('right-to-left text and astral characters', [
    ['say("|")', 'שלום")', 'say("שלום")|'],
    ['say("|")', '😀😀")', 'say("😀😀")|'],
    ['say("|")', '😀\ud83d', reject('single-character')],
    ['say("|")', 'hi 😀\ud83d', 'say("hi 😀|")'],
    ['say("|")', '\ude00hi', 'say("hi|")'],
    ['say("a|😀")', 'bb 😀")', 'say("abb 😀")|'],
  ]);
});

const piece = fc.constantFrom(
  'a',
  'b',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ', ',
  ' ',
  ';',
  '"',
  '\n',
  '😀',
);
const rawText = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));

describe('postprocess: properties', () => {
  const opener = fc.array(fc.constantFrom('(', '[', '{'), { minLength: 1, maxLength: 4 });

  it('accepting leaves the line balanced when the editor had balanced it', () => {
    fc.assert(
      fc.property(opener, fc.constantFrom('', ';', ' {}'), rawText, (open, end, raw) => {
        const closers = open.map(closerOf).reverse().join('');
        const input = inputOf(`${open.join('f')}|${closers}${end}`);
        const outcome = postprocess(raw.replaceAll(/["\n]/g, ''), input);
        if (outcome.kind === 'reject') return;
        const after = input.prefix + outcome.text + input.suffix.slice(outcome.replaceLength);
        assert.ok(isBalanced(after), after);
      }),
      { numRuns: 2000 },
    );
  });

  it('is idempotent on lines that are not blank', () => {
    const line = fc.constantFrom('foo(', 'foo([', 'x = {', 'x = ', 'say("', 'a.b');
    const rest = fc.constantFrom('', ')', '])', '}', ');', '")', ' {', '\n}', ')\nfoo();');
    fc.assert(
      fc.property(line, rest, rawText, (before, after, raw) => {
        const input = inputOf(`${before}|${after}`);
        const once = postprocess(raw, input);
        if (once.kind === 'show') assert.deepEqual(postprocess(once.text, input), once);
      }),
      { numRuns: 3000 },
    );
  });

  it('never splits a character, whatever the text is cut to', () => {
    const emoji = fc.array(fc.constantFrom('😀', '👍🏽', 'ש', 'a', '(', ')', '\n', '"'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(emoji, fc.nat(3), fc.nat(3), (chars, fromStart, fromEnd) => {
        const whole = chars.join('');
        const raw = whole.slice(fromStart, whole.length - fromEnd);
        const outcome = postprocess(raw, inputOf('f("|")😀😀'));
        if (outcome.kind === 'show') assert.doesNotMatch(outcome.text, /\p{Cs}/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('never leaves carriage returns or trailing blanks', () => {
    const messy = fc.array(fc.constantFrom('ab', ' ', '\t', '\r\n', '\n', '\r'), { maxLength: 12 });
    fc.assert(
      fc.property(messy, (chars) => {
        const outcome = postprocess(chars.join(''), inputOf('foo|'));
        if (outcome.kind === 'show') assert.doesNotMatch(outcome.text, /\r|[ \t]$/m);
      }),
    );
  });
});

function closerOf(opener: string): string {
  return { '(': ')', '[': ']' }[opener] ?? '}';
}

function isBalanced(line: string): boolean {
  const open: string[] = [];
  for (const char of line) {
    if ('([{'.includes(char)) open.push(closerOf(char));
    else if (')]}'.includes(char) && open.pop() !== char) return false;
  }
  return open.length === 0;
}
