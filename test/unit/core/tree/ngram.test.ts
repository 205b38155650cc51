import assert from 'node:assert/strict';
import fc from 'fast-check';
import { candidatesAt, chainTrie } from '../../../../engine/core/tree/candidate-source.ts';
import { pathTo, type TokenTree } from '../../../../engine/core/tree/candidate-tree.ts';
import { mergeChains } from '../../../../engine/core/tree/merge-chains.ts';
import { LookupChances } from '../../../../engine/core/tree/lookup-chances.ts';
import { lookup } from '../../../../engine/core/tree/lookup.ts';
import { LONGEST_MATCH, NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
import { TokenLog } from '../../../../engine/core/tree/token-log.ts';
import { treeArbitrary } from './support.ts';

const text = fc.array(fc.nat(3), { maxLength: 60 });

function textsOf(tree: TokenTree): ReadonlySet<string> {
  const paths = Array.from({ length: tree.size }, (_, node) => pathTo(tree, node));
  return new Set(
    paths.map((path) =>
      path
        .slice(1)
        .map((each) => tree.tokens[each]!)
        .join(),
    ),
  );
}

/** How far the texts in front of two places agree. */
function matchLength(tokens: readonly number[], next: number): number {
  let match = 0;
  const end = tokens.length - 1;
  while (match < next && match < LONGEST_MATCH && tokens[next - 1 - match] === tokens[end - match])
    match += 1;
  return match;
}

describe('n-gram index', () => {
  it('finds where the text ended like this before, the latest first', () => {
    //                           [1 2 3] 4 5  8 [2 3] 6   9 [1 2 3]
    const index = new NgramIndex([1, 2, 3, 4, 5, 8, 2, 3, 6, 9, 1, 2, 3]);
    assert.deepEqual(index.occurrences(5), [
      { next: 8, match: 2 },
      { next: 3, match: 3 },
    ]);
    assert.equal(index.occurrences(1).length, 1);
  });

  it('finds every earlier place with the same two tokens', () => {
    fc.assert(
      fc.property(text, (tokens) => {
        const places = tokens.map((_, at) => at).slice(1);
        const matches = places.map((next) => ({ next, match: matchLength(tokens, next) }));
        const wanted = matches.filter(({ match }) => match >= 2);
        assert.deepEqual(new NgramIndex(tokens).occurrences(100), wanted.reverse());
      }),
    );
  });

  it('synchronised with another text is as if made from it', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const index = new NgramIndex(before);
        index.sync(after);
        assert.equal(index.length, after.length);
        assert.deepEqual(index.occurrences(9), new NgramIndex(after).occurrences(9));
      }),
    );
  });

  it('forgets what is truncated as if it had never been', () => {
    fc.assert(
      fc.property(text, text, text, (kept, dropped, added) => {
        const index = new NgramIndex(kept);
        index.push(dropped);
        index.truncate(kept.length);
        index.push(added);
        const fresh = new NgramIndex([...kept, ...added]);
        assert.equal(index.length, fresh.length);
        assert.deepEqual(index.occurrences(9), fresh.occurrences(9));
      }),
    );
  });
});

describe('n-gram index with other texts in front', () => {
  const texts = fc.array(text, { maxLength: 4 });

  /** The same tokens, held as one text. */
  function joined(others: readonly (readonly number[])[], own: readonly number[]): NgramIndex {
    const present = others.filter(({ length }) => length > 0);
    return new NgramIndex([...present.flatMap((each, at) => [...each, -1 - at]), ...own]);
  }

  it('finds what stands in any of them, the last text first, and nothing across two', () => {
    const index = new NgramIndex();
    index.seed([[1, 2, 3, 4], [], [9, 1, 2, 5], [1]]);
    index.sync([2, 7, 1, 2]);
    //  1 2 3 4 -1   9 1 2 5 -2   1 -3   2 7 1 2
    assert.deepEqual(index.occurrences(9), [
      { next: 8, match: 2 },
      { next: 2, match: 2 },
    ]);
  });

  it('is as if made from them, whatever it held before', () => {
    const step = fc.record({ others: fc.option(texts), own: text, generated: text });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const index = new NgramIndex();
        let fixed: readonly (readonly number[])[] = [];
        for (const { others, own, generated } of steps) {
          if (others !== null) index.seed((fixed = others));
          index.sync(own);
          index.push(generated);
          const wanted = joined(fixed, [...own, ...generated]);
          assert.equal(index.length, wanted.length);
          const isEmpty = own.length + generated.length === 0;
          assert.deepEqual(index.occurrences(99), isEmpty ? [] : wanted.occurrences(99));
        }
      }),
    );
  });

  it('keeps the text behind them when they stay the same', () => {
    const others = [[1, 2], [3]];
    const index = new NgramIndex();
    index.seed(others);
    index.sync([4, 5]);
    const { length } = index;
    index.seed([[1, 2], [3]]);
    assert.equal(index.length, length);
    index.seed([]);
    assert.equal(index.length, 0);
  });

  it('proposes chains that end where their text ends', () => {
    const index = new NgramIndex();
    index.seed([
      [1, 2, 3],
      [5, 1, 2, 3, 4],
    ]);
    index.sync([8, 1, 2]);
    const tokens = lookup(index, new LookupChances(), { length: 9, count: 4 }).map(({ guesses }) =>
      guesses.map(({ token }) => token),
    );
    assert.deepEqual(tokens, [[3, 4]]);
    index.sync([8, 4]);
    assert.deepEqual(lookup(index, new LookupChances(), { length: 9, count: 4 }), []);
  });

  it('never proposes a separator', () => {
    fc.assert(
      fc.property(texts, text, (others, own) => {
        const index = new NgramIndex();
        index.seed(others);
        index.sync(own);
        const chains = lookup(index, new LookupChances(), { length: 9, count: 9 });
        const tokens = chains.flatMap(({ guesses }) => guesses.map(({ token }) => token));
        assert.ok(tokens.every((token) => token >= 0));
      }),
    );
  });
});

describe('n-gram index that recalls texts', () => {
  const END = -99;
  const texts = fc.array(text, { maxLength: 4 });
  const logOf = (recalled: readonly (readonly number[])[]): TokenLog => {
    const log = new TokenLog();
    for (const each of recalled) log.push([...each, END]);
    return log;
  };
  const places = (index: NgramIndex) => index.occurrences(99).map(({ next }) => next);

  it('finds what stands in them at places below 0, as they are by then', () => {
    const index = new NgramIndex([7, 1, 2, 5, 1, 2]);
    const log = logOf([[1, 2, 3]]);
    index.recall(log);
    assert.deepEqual(index.occurrences(9), [
      { next: -2, match: 2 },
      { next: 3, match: 2 },
    ]);
    assert.deepEqual(
      [-2, 2, 3].map((place) => index.sourceOf(place)),
      ['recalled', 'given', 'given'],
    );
    log.push([5, 1, 2, 4, END]);
    assert.deepEqual(index.occurrences(1), [{ next: -2, match: 3 }]);
    assert.deepEqual([index.tokenAt(-2), index.tokenAt(-1), index.length], [4, END, 6]);
    index.recall(null);
    assert.deepEqual(places(index), [3]);
  });

  it('finds the latest four places, and the rest of the text as ever', () => {
    fc.assert(
      fc.property(texts, text, (recalled, own) => {
        const index = new NgramIndex(own);
        const log = logOf(recalled);
        index.recall(log);
        const tokens = log.from(0);
        const [before, last] = own.slice(-2);
        const wanted = tokens.flatMap((token, at) =>
          own.length > 1 && token === last && tokens[at - 1] === before
            ? [at + 1 - tokens.length]
            : [],
        );
        const latest = wanted.reverse().slice(0, 4);
        const found = index.occurrences(99);
        assert.deepEqual(
          found.slice(0, latest.length).map(({ next }) => next),
          latest,
        );
        assert.deepEqual(found.slice(latest.length), new NgramIndex(own).occurrences(99));
        for (const { next, match } of found.slice(0, latest.length)) {
          const place = next + tokens.length;
          assert.deepEqual(tokens.slice(place - match, place), own.slice(-match));
        }
      }),
    );
  });

  it('proposes what follows there, and never a separator', () => {
    const index = new NgramIndex([8, 1, 2]);
    index.recall(logOf([[1, 2, 3, 4], [5]]));
    const tokensOf = (length: number) =>
      lookup(index, new LookupChances(), { length, count: 9 }).map(({ guesses }) =>
        guesses.map(({ token }) => token),
      );
    assert.deepEqual(tokensOf(9), [[3, 4]]);
    fc.assert(
      fc.property(texts, texts, text, (recalled, others, own) => {
        index.recall(logOf(recalled));
        index.seed(others);
        index.sync(own);
        assert.ok(
          tokensOf(9)
            .flat()
            .every((token) => token >= 0),
        );
      }),
    );
  });
});

describe('prompt lookup', () => {
  const options = { length: 6, count: 4 };
  const tokensOf = (tokens: readonly number[], { length, count } = options) =>
    lookup(new NgramIndex(tokens), new LookupChances(), { length, count }).map(({ guesses }) =>
      guesses.map(({ token }) => token),
    );

  it('proposes what most occurrences went on with', () => {
    //       1 2 7          1 2 9 5       1 2 9 6       1 2
    assert.deepEqual(
      tokensOf([1, 2, 7, 3, 1, 2, 9, 5, 1, 2, 9, 6, 1, 2], { length: 1, count: 4 }),
      [[9], [7]],
    );
  });

  it('goes on with its own beginning where the text repeats itself', () => {
    assert.deepEqual(tokensOf([1, 2, 3, 1, 2, 3, 1, 2]), [[3, 1, 2, 3, 1, 2]]);
    assert.deepEqual(tokensOf([5, 5, 5]), [[5, 5, 5, 5, 5, 5]]);
  });

  it('proposes nothing where nothing matches', () => {
    assert.deepEqual(tokensOf([1, 2, 3]), []);
    assert.deepEqual(tokensOf([]), []);
  });

  it('gives chances and a reason for each guess, chains apart from their first guess on', () => {
    fc.assert(
      fc.property(text, (tokens) => {
        const chains = lookup(new NgramIndex(tokens), new LookupChances(), options);
        const firsts = chains.map(({ guesses }) => guesses[0]!);
        assert.equal(new Set(firsts.map(({ token }) => token)).size, chains.length);
        assert.deepEqual(
          firsts.map(({ chance }) => chance),
          firsts.map(({ chance }) => chance).sort((a, b) => b - a),
        );
        for (const { guesses, cells } of chains) {
          assert.equal(cells.length, guesses.length);
          assert.ok(guesses.every(({ chance }) => chance > 0 && chance < 1));
        }
      }),
    );
  });

  it('believes what it sees: a kind of match that fails loses its chance', () => {
    const chances = new LookupChances();
    const given = { match: 3, votes: 1, total: 1, source: 'given' } as const;
    const cell = chances.cell(given);
    assert.equal(chances.chance(cell), new LookupChances().chance(cell));
    for (let round = 0; round < 100; round += 1) chances.observe(cell, false);
    assert.ok(chances.chance(cell) < 0.25);
    assert.ok(chances.chance(chances.cell({ ...given, match: 4 })) > 0.8);
    assert.ok(chances.chance(chances.cell({ ...given, source: 'written' })) > 0.8);
    assert.ok(chances.chance(chances.cell({ ...given, source: 'recalled' })) > 0.5);
  });
});

describe('merged chains', () => {
  it('hold the tree and every chain, prefixes once', () => {
    const chains = fc.array(fc.array(fc.nat(3), { maxLength: 5 }), { maxLength: 4 });
    fc.assert(
      fc.property(treeArbitrary(4, 8, 2), chains, (tree, added) => {
        const merged = mergeChains(tree, added);
        const texts = textsOf(merged);
        assert.equal(texts.size, merged.size);
        const prefixes = added.flatMap((chain) => chain.map((_, at) => chain.slice(0, at + 1)));
        const wanted = new Set([...textsOf(tree), ...prefixes.map((prefix) => prefix.join())]);
        assert.deepEqual([...texts].sort(), [...wanted].sort());
        assert.deepEqual(merged.prompts.slice(0, tree.size), tree.prompts);
        assert.ok(mergeChains(tree, added, tree.size + 2).size <= tree.size + 2);
      }),
    );
  });

  it('and guesses make one list of candidates', () => {
    const chains = chainTrie([
      [
        { token: 5, chance: 0.5 },
        { token: 6, chance: 0.9 },
      ],
      [{ token: 5, chance: 0.4 }],
      [{ token: 8, chance: 0.2 }],
    ]);
    const guesses = [[{ token: 5, chance: 0.2 }], [{ token: 7, chance: 0.3 }]];
    const first = candidatesAt({ depth: 0, chains }, guesses);
    assert.deepEqual(
      first.map(({ token, chance }) => [token, Number(chance.toFixed(6))]),
      [
        [5, 0.6],
        [8, 0.2],
      ],
    );
    const second = candidatesAt(first[0]!.place, guesses);
    assert.deepEqual(
      second.map(({ token, chance }) => [token, Number(chance.toFixed(6))]),
      [
        [6, 0.75],
        [7, 0.25],
      ],
    );
    assert.deepEqual(candidatesAt(second[1]!.place, guesses), []);
  });
});
