import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CompletionCache } from '../../../engine/core/completion/completion-cache.ts';

const at = (prefix: string, suffix = '', scope = 'm') => ({ scope, prefix, suffix });

describe('completion cache', () => {
  const rows: readonly [
    name: string,
    prefix: string,
    suffix: string,
    scope: string,
    expected: string | null,
  ][] = [
    ['the same place', 'foo(', ')', 'm', 'a, b)'],
    ['typed forward', 'foo(a,', ')', 'm', ' b)'],
    ['typed otherwise', 'foo(b', ')', 'm', null],
    ['typed all of it', 'foo(a, b)', ')', 'm', null],
    ['typed more than all of it', 'foo(a, b);', ')', 'm', null],
    ['deleted', 'foo', ')', 'm', null],
    ['another prefix', 'bar(', ')', 'm', null],
    ['another suffix', 'foo(', '', 'm', null],
    ['another suffix, typed forward', 'foo(a', ');', 'm', null],
    ['another scope', 'foo(', ')', 'n', null],
    ['scope and prefix run together', 'oo(', ')', 'mf', null],
  ];
  for (const [name, prefix, suffix, scope, expected] of rows) {
    it(name, () => {
      const cache = new CompletionCache();
      cache.set(at('foo(', ')'), 'a, b)');
      assert.equal(cache.get({ scope, prefix, suffix }), expected);
    });
  }

  it('prefers the entry for this place, then the most recent', () => {
    const cache = new CompletionCache();
    cache.set(at('f'), 'oo bar');
    cache.set(at('fo'), 'o baz');
    assert.equal(cache.get(at('foo')), ' baz');
    cache.set(at('foo'), '!');
    assert.equal(cache.get(at('foo')), '!');
  });

  it('drops what was not used for longest, also by typing forward', () => {
    const cache = new CompletionCache(2);
    cache.set(at('a'), 'bc');
    cache.set(at('x'), 'yz');
    assert.equal(cache.get(at('ab')), 'c');
    cache.set(at('m'), 'no');
    assert.equal(cache.get(at('a')), 'bc');
    assert.equal(cache.get(at('x')), null);
    assert.equal(cache.size, 2);
  });

  it('is bounded in characters', () => {
    const cache = new CompletionCache(250, 10_000);
    for (let i = 0; i < 100; i++) cache.set(at(`${i}`.padEnd(1000)), 'text');
    assert.ok(cache.size > 0 && cache.size < 10);
    cache.set(at('x'.repeat(20_000)), 'text');
    assert.equal(cache.get(at('x'.repeat(20_000))), null);
  });

  it('forgets', () => {
    const cache = new CompletionCache();
    cache.set(at('a'), 'b');
    cache.clear();
    assert.equal(cache.get(at('a')), null);
    assert.equal(cache.size, 0);
  });

  it('keeps empty answers apart from none', () => {
    const cache = new CompletionCache();
    cache.set(at('a'), '');
    assert.equal(cache.get(at('a')), '');
  });

  it('never answers for another suffix or scope, and always with what continues the prefix', () => {
    const word = fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b', '\0', '1', ':') });
    const entry = fc.record({ scope: word, prefix: word, suffix: word, text: word });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), entry, (entries, asked) => {
        const cache = new CompletionCache();
        for (const each of entries) cache.set(each, each.text);
        const text = cache.get(asked);
        const whole = asked.prefix + (text ?? '');
        const fits = entries.some(
          ({ scope, prefix, suffix, text }) =>
            scope === asked.scope && suffix === asked.suffix && prefix + text === whole,
        );
        assert.ok(text === null || fits);
      }),
      { numRuns: 2000 },
    );
  });
});
