import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  createStopRule,
  type StopCheck,
  type StopContext,
} from '../../../engine/core/decode/stop.ts';

type Options = Partial<Pick<StopContext, 'languageId' | 'multiline'>>;

function contextOf(marked: string, options: Options = {}): StopContext {
  const cursor = marked.indexOf('|');
  assert.ok(cursor >= 0, 'the document needs a cursor');
  const [prefix, suffix] = [marked.slice(0, cursor), marked.slice(cursor + 1)];
  return { prefix, suffix, languageId: 'typescript', multiline: true, ...options };
}

/** What stays of the text, with the rule that stopped it: `kept[rule]`; all of it without one. */
function run(context: StopContext, text: string): string {
  return show(createStopRule(context).check(text), text);
}

function show(outcome: StopCheck, text: string): string {
  return outcome.kind === 'continue' ? text : `${text.slice(0, outcome.keep)}[${outcome.rule}]`;
}

/** Rows: document with `|` for the cursor, generated text, what stays (`null`: all of it). */
type Row = readonly [document: string, text: string, expected: string | null, options?: Options];

function check(subject: string, rows: readonly Row[]): void {
  describe(subject, () => {
    for (const [document, text, expected, options] of rows) {
      const name = `${JSON.stringify(document)} + ${JSON.stringify(text)} -> ${JSON.stringify(expected)}`;
      it(name, () => {
        assert.equal(run(contextOf(document, options), text), expected ?? text);
      });
    }
  });
}

const single: Options = { multiline: false };
const python: Options = { languageId: 'python' };
const ruby: Options = { languageId: 'ruby' };

describe('stop rules', () => {
  check('single line', [
    ['foo|', '();\nbar', '();[single-line]', single],
    ['foo|', '();', null, single],
    ['foo|', '();\nbar', null],
    ['  |', '\n  foo();\n', '\n  foo();[single-line]', single],
    ['foo(|', '\n\n  bar\n)', '\n\n  bar[single-line]', single],
    ['foo|', '  \n', null, single],
    ['foo|', '();  \n', '();[single-line]', single],
  ]);

  check('the next line of the document', [
    ['  |\n  return a;', 'let b;\n  return a;\n', 'let b;[next-line]'],
    ['  |\n\n\n  return a;', 'let b;\n\n  return a;\n', 'let b;[next-line]'],
    ['  |\n  return a;', 'return a;\n', '[next-line]'],
    ['  ret|\n  return a;', 'urn a;\n', '[next-line]'],
    ['  |\n  return a;', 'let b;\n  return a;', null],
    ['  |\n  return a;', 'let b;\n  return ab;\n', null],
    ['  |\n  return "a";', "let b;\n  return 'a'\n", 'let b;[next-line]'],
    ['  |\n  return a;', 'if (b) {\n    return a;\n  }\n', null],
    ['if (a) {|\n}', '\n  go();\n}\n', '\n  go();[next-line]'],
    ['  |\n}', 'if (a) {\n    go();\n  }\n', null],
    [
      '|\nexport function parseConfiguration(text: string): Config {',
      'let b;\nexport function parseConfigurations(text: string): Config {\n',
      'let b;[next-line]',
    ],
    ['|\nconst row17 = [1, 2, 3, 4, 5, 6];', 'const row16 = [1, 2, 3, 4, 5, 6];\n', null],
    ['|\nexpect(result.x).toBe(expected.x);', 'expect(result.y).toBe(expected.y);\n', null],
  ]);

  check('the start of the suffix', [
    ['f(|) { first(); second(); }', 'a) { first(); second()', 'a[suffix-replayed]'],
    ['f(|) { first(); second(); }', 'a) { first(); third(', null],
    ['f(|) {\n  first();\n  second();', 'a) {\n  first();\n', 'a) {[next-line]'],
    [
      '|\n  if (value === null) return;\n',
      'x = 1; if (value === null) return;\n',
      'x = 1;[suffix-replayed]',
    ],
    ['|\n  short();\n', 'x = 1; short();\n', null],
    ['|\n  if (value === null) return;\n', 'if (value === null) throw', null],
    ['|\n  if (value === null) return;\n', 'if (value === null) return;', null],
    ['|😀😀 and then some more text', 'a 😀😀 and then some more', 'a[suffix-replayed]'],
  ]);

  check('closers that the completion did not open', [
    ['foo(|', 'a, b)', null],
    ['foo(|)', 'a, b)', null],
    ['foo(|', 'a, b))', 'a, b)[unopened-closer]'],
    ['foo(|', 'bar(a[0]), { b })', null],
    ['foo(|', '")", b)', null],
    ['foo(|', "'\\')', b)", null],
    ['foo(|', 'b) // :)', null],
    ['foo(|', 'b /* ) */)', null],
    ['foo(|', '`)\n)`)', null],
    ['print("|', 'a) b")', null],
    ['foo(\n  |\n)', 'a, b)', 'a, b[unopened-closer]'],
    ['foo(\n  |\n\nbar();', 'a, b);', null],
    ['foo(\n  |\n\nbar();', 'a, b));', 'a, b)[unopened-closer]'],
    ['foo(\n  |\n  c\n)', 'a, b)', 'a, b[unopened-closer]'],
    ['{\n  |\n', 'a]', 'a[unopened-closer]'],
    ['if (x) {|', '\n  go();\n}\n', null],
    ['if (x) {|', '\n  go();\n} else {\n  stop();\n}\n', null],
    ['// (|', 'a))\n', null],
    ['(|', 'a)) :)', null, { languageId: 'markdown' }],
    ['x = |', '/([^)]*)/.exec(y);', null],
    ['x = |', '/\\)/.test(y);', null],
    ['case $x in\n  |', 'a) go ;;\n  b) stop ;;\n', null, { languageId: 'shellscript' }],
    ['f {\n  g {\n    |\n    x();\n', 'go();\n  } while (y);\n', null],
    ['  |\n  x();', 'go();\nwhile (y) {\n', 'go();[dedent]'],
    ['fn f<|', "'a>(x: &'a str) -> (u8)", null, { languageId: 'rust' }],
    ['x = f(|', '"""a)\nb)"""\n)', null, python],
  ]);

  check('below the starting indentation', [
    ['f {\n  |\n  more();\n}', 'go();\n}\n', 'go();[unopened-closer]'],
    ['f {\n  |\n}', 'go();\n}\n', 'go();[next-line]'],
    ['f {\n  |\n\nfunction g() {}', 'go();\n}\n', null],
    ['f {\n  |\n\nfunction g() {}', 'go();\n}\n\nfoo', null],
    ['f {\n  |\n\nfunction g() {}', 'go();\n}\n\nfoo(', 'go();\n}[dedent]'],
    ['f {\n  |\n\nfunction g() {}', 'go();\n}\n\nfoo();\n', 'go();\n}[dedent]'],
    ['f {\n  |', 'go();\n}\n', null],
    ['f {\n  |', 'go();\n}\n}\n', 'go();\n}[unopened-closer]'],
    [
      'f {\n  g {\n    |\n  }\n}',
      'go();\n  } else {\n    stop();\n  }\n',
      'go();\n  } else {\n    stop();[next-line]',
    ],
    ['f {\n  g {\n    |\n    x();\n  }\n}', 'go();\n  } catch (e) {\n    stop();\n', null],
    ['  |\n  x();', 'go();\nfoo();\n', 'go();[dedent]'],
    ['  |\n  x();', 'go();\n  foo();\n', null],
    ['  |\n  x();', 'go();\n\nfoo(', 'go();[dedent]'],
    ['  |\n  x();', 'go();\n\nfoo', null],
    ['  |\n  x();', 'go();\n\n  foo(', null],
    ['  |\n  x();', 'go();\n} else if (', null],
    ['f {\n|\n}', '  go();\n  foo();\n', null],
    ['f {\n|\n}', '  go();\nfoo();\n', '  go();[dedent]'],
    ['  foo(|\n  x();', 'a,\n    b\n  );\n', null],
    ['  s = `|\n  x();', 'a\nb\n`;\n', null],
    ['  |\n  x();', 'go();\n#if DEBUG\n  foo();\n', null, { languageId: 'cpp' }],
    ['  |\n  x();', 'go();\nprivate:\n  foo();\n', null, { languageId: 'cpp' }],
    ['  |\n  x', 'a: 1,\nb: 2,\n', 'a: 1,[dedent]'],
    ['  |\n  text', 'some\nless indented\n', null, { languageId: 'plaintext' }],
    ['\tgo(|', ')\n\tfoo()\n', null, { languageId: 'go' }],
    ['\t|', 'go()\n}\n\nfunc f() {\n', 'go()\n}[dedent]', { languageId: 'go' }],
    ['  if x\n    |\n', 'y\n  end\n', null, ruby],
    ['  if x\n    |\n', 'y\n  end\nend\n', 'y\n  end[dedent]', ruby],
    ['  if x\n    |\n    z\n', 'y\n  end\n', 'y[dedent]', ruby],
    ['  if x\n    |\n    z\n', 'y\n  else\n    w\n', null, ruby],
  ]);

  check('blocks by indentation', [
    [
      'def f():\n    |',
      'a = 1\n\n    return a\n\n\ndef g():\n',
      'a = 1\n\n    return a[dedent]',
      python,
    ],
    ['def f():\n    |', 'if a:\n        b()\n    else:\n        c()\n', null, python],
    ['if a:\n    |', 'b()\nelif c:\n    d()\nelse:\n    e()\n', null, python],
    [
      'try:\n    |',
      'b()\nexcept E:\n    pass\nfinally:\n    e()\nprint(1)\n',
      'b()\nexcept E:\n    pass\nfinally:\n    e()[dedent]',
      python,
    ],
    ['def f():|', '\n    return 1\n\ndef g():\n', '\n    return 1[block-end]', python],
    ['if a:|', '\n    b()\nelse:\n    c()\n', null, python],
    ['def f():\n    |', '"""Doc.\n\nText at the margin.\n    """\n    return 1\n', null, python],
    ['def f():\n    x = [|', '\n        1,\n    ]\n    return x\n', null, python],
    [
      'class A:\n    |',
      'def h(self):\n        return 2\n\nclass B:\n',
      'def h(self):\n        return 2[dedent]',
      python,
    ],
    ['def f(|', 'a):\n    return a\n', null, python],
  ]);

  check('loops and white space', [
    ['|', 'a();\nb();\nb();\nb();\n', 'a();\nb();[repeated-line]'],
    ['|', 'b();\n\nb();\n\nb();\n', 'b();[repeated-line]'],
    ['|', 'b();\nb();\na();\nb();\n', null],
    ['|', 'b();\n  b();\nb();\n', null],
    ['|', 'get();\n  one;\n\nget();\n  one;\nget();', 'get();\n  one;[repeated-block]'],
    ['ge|', 't();\n  one;\n\nget();\n  one;\n', 't();\n  one;[repeated-block]'],
    ['|', 'do(0);\nget();\n  one;\nget();\n  one;\n', 'do(0);\nget();\n  one;[repeated-block]'],
    ['|', 'get();\n  one;\nget();\n  two;\nget();\n', null],
    ['|', '1,\n0,\n1,\n0,\n1,\n', null],
    ['|', 'a\n\n\n\n\n\n\nb', null],
    ['|', `a${'\n'.repeat(249)}b`, null],
    ['|', `a${'\n'.repeat(250)}b`, 'a[white-space]'],
    ['|', `${' '.repeat(300)}b`, '[white-space]'],
  ]);

  it('goes on saying what it has said', () => {
    const rule = createStopRule(contextOf('foo|', single));
    const first = rule.check('();\n');
    assert.deepEqual(rule.check('();\nmore\nand more'), first);
  });
});

describe('stop rules: properties', () => {
  const piece = fc.constantFrom(
    ...['a', 'go();', '(', ')', '{', '}', '"', "'", '\n', '\n', '  ', '    ', 'else ', '} else {'],
    ...['// ', '/*', '*/', 'return a;', '😀', ':', '#', '"""', 'end'],
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  const document = fc.constantFrom(
    ...[
      'foo(|)',
      'f {\n  |\n}',
      '  |\n  return a;\n',
      'def f():\n    |\n',
      'if (a) {|',
      '"""|',
      '|',
    ],
  );
  const options = fc.record({
    languageId: fc.constantFrom('typescript', 'python', 'ruby', 'markdown', 'rust'),
    multiline: fc.boolean(),
  });

  it('does not depend on the pieces in which the text came', () => {
    fc.assert(
      fc.property(
        document,
        options,
        text,
        fc.array(fc.integer({ min: 1, max: 7 })),
        (doc, opts, all, steps) => {
          const context = contextOf(doc, opts);
          const rule = createStopRule(context);
          let length = 0;
          for (const step of steps) rule.check(all.slice(0, (length += step)));
          assert.equal(show(rule.check(all), all), run(context, all));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('keeps a start of the text, whole characters, no white space at its end', () => {
    fc.assert(
      fc.property(document, options, text, (doc, opts, all) => {
        const outcome = createStopRule(contextOf(doc, opts)).check(all);
        if (outcome.kind === 'continue') return;
        const kept = all.slice(0, outcome.keep);
        assert.equal(kept, kept.trimEnd());
        assert.doesNotMatch(kept, /\p{Cs}/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('does work in proportion to the new text', function () {
    this.timeout(3000);
    const rule = createStopRule(contextOf('f {\n  |\n  last();\n}'));
    const all = Array.from({ length: 10_000 }, (_, i) => `call(${i}, "x");\n  `).join('');
    for (let length = 0; length <= all.length; length += 4) {
      assert.equal(rule.check(all.slice(0, length)).kind, 'continue');
    }
  });
});
