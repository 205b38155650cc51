import assert from 'node:assert/strict';
import { cutPrompts, type SourceText } from '../../../../engine/core/bench/cut-prompts.ts';
import { BUILT_IN_PROMPTS } from '../../../../engine/core/bench/built-in-prompts.ts';
import { isSourceFile, languageOf } from '../../../../engine/core/bench/source-files.ts';

/** Every line is unlike any other. */
function source(name: string, lines = 60): SourceText {
  const text = Array.from({ length: lines }, (_, n) => `  ${name}_${n} = call_${n}(${name}, ${n})`);
  return { language: name, text: text.join('\n') };
}

describe('prompts cut from source texts', () => {
  const sources = [source('alpha'), source('beta'), source('gamma')];

  it('are the same for the same seed, and others for another', () => {
    const cut = (seed: number) => cutPrompts(sources, { count: 9, seed });
    assert.deepEqual(cut(1), cut(1));
    assert.notDeepEqual(cut(1), cut(2));
  });

  it('take turns among the texts; every third has no suffix', () => {
    const prompts = cutPrompts(sources, { count: 9, seed: 5 });
    const counts = sources.map(
      ({ language }) => prompts.filter((each) => each.language === language).length,
    );
    assert.deepEqual(counts, [3, 3, 3]);
    assert.equal(prompts.filter(({ suffix }) => suffix === undefined).length, 3);
    assert.equal(new Set(prompts.map(({ prompt }) => prompt)).size, 9);
  });

  it('leave out a hole of at most three lines, and nothing else', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      for (const { prompt, suffix = '', language } of cutPrompts(sources, { count: 6, seed })) {
        const { text } = sources.find((each) => each.language === language)!;
        assert.ok(text.startsWith(prompt));
        if (suffix === '') continue;
        assert.ok(suffix.startsWith('\n') && text.includes(suffix));
        const hole = text.slice(prompt.length, text.indexOf(suffix));
        assert.ok(hole.trim() !== '' && hole.split('\n').length <= 3, hole);
      }
    }
  });

  it('keep to what fits a small context, in whole lines', () => {
    const long = source('long', 2000);
    for (const { prompt, suffix } of cutPrompts([long], { count: 30, seed: 3 })) {
      assert.ok(prompt.length <= 3000 && (suffix ?? '').length <= 1000);
      assert.ok(prompt.startsWith('  long_'));
      if (suffix) assert.match(suffix, /^\n.*\)$/s);
    }
  });

  it('come from code alone, and are as many as there is text for', () => {
    const minified = { language: 'js', text: 'x;'.repeat(1000) };
    const binary = { language: 'py', text: `${source('a').text}\0` };
    const short = { language: 'py', text: 'one\ntwo\nthree\nfour' };
    assert.deepEqual(cutPrompts([minified, binary, short], { count: 5, seed: 1 }), []);
    assert.equal(cutPrompts([source('few', 7)], { count: 5, seed: 1 }).length, 3);
  });
});

describe('source files', () => {
  const files: readonly [path: string, used: boolean][] = [
    ['src/app.ts', true],
    ['outer/main.py', true],
    ['App.JSX', true],
    ['README.md', false],
    ['.env', false],
    ['.ssh/config.py', false],
    ['a/node_modules/b/index.js', false],
    ['dist/bundle.js', false],
    ['lib/jquery.min.js', false],
    ['types/api.d.ts', false],
    ['proto/user_pb2.py', false],
    ['noextension', false],
  ];
  for (const [path, used] of files) {
    it(`${path}: ${used ? 'used' : 'left out'}`, () => {
      assert.equal(isSourceFile(path), used);
    });
  }

  it('have the editor’s language ids', () => {
    assert.equal(languageOf('x.tsx'), 'typescriptreact');
    assert.equal(languageOf('x.txt'), null);
  });
});

describe('built-in prompts', () => {
  it('are a few dozen, of both kinds, and none twice', () => {
    assert.equal(new Set(BUILT_IN_PROMPTS.map((each) => JSON.stringify(each))).size, 33);
    const filled = BUILT_IN_PROMPTS.filter(({ suffix }) => suffix !== undefined);
    assert.equal(filled.length, 24);
    for (const { prompt, suffix } of filled) assert.ok(prompt !== '' && suffix?.trim() !== '');
  });

  it('mix languages and kinds, so that the first ones are a fair sample', () => {
    const first = BUILT_IN_PROMPTS.slice(0, 6);
    assert.equal(new Set(first.map(({ language }) => language)).size, 3);
    assert.ok(first.some(({ suffix }) => suffix === undefined));
  });
});
