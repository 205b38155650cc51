import assert from 'node:assert/strict';
import fc from 'fast-check';
import { candidatesAt, chainTrie } from '../../../../engine/core/tree/candidate-source.ts';
import { pathTo, type TokenTree } from '../../../../engine/core/tree/candidate-tree.ts';
import { mergeChains } from '../../../../engine/core/tree/merge-chains.ts';
import { NgramIndex } from '../../../../engine/core/tree/ngram-index.ts';
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

describe('n-gram index', () => {
  it('proposes what followed the longest match, the latest first', () => {
    //                           [1 2 3] 4 5  8 [2 3] 6   9 [1 2 3]
    const index = new NgramIndex([1, 2, 3, 4, 5, 8, 2, 3, 6, 9, 1, 2, 3]);
    assert.deepEqual(index.propose({ length: 2, count: 5 }), [
      { tokens: [4, 5], match: 3 },
      { tokens: [6, 9], match: 2 },
    ]);
    assert.equal(index.propose({ length: 2, count: 1 }).length, 1);
  });

  it('proposes nothing that is not in the text behind such a match', () => {
    fc.assert(
      fc.property(text, (tokens) => {
        const all = tokens.join(' ');
        for (const chain of new NgramIndex(tokens).propose({ length: 4, count: 6 })) {
          assert.ok(chain.match >= 2 && chain.match <= 5 && chain.tokens.length > 0);
          assert.ok(all.includes([...tokens.slice(-chain.match), ...chain.tokens].join(' ')));
        }
      }),
    );
  });

  it('finds any earlier match of two tokens', () => {
    fc.assert(
      fc.property(text, (tokens) => {
        const pair = tokens.slice(-2);
        const before = tokens.findIndex(
          (token, at) => token === pair[0] && tokens[at + 1] === pair[1],
        );
        const found = new NgramIndex(tokens).propose({ length: 1, count: 1 });
        assert.equal(found.length, tokens.length > 2 && before < tokens.length - 2 ? 1 : 0);
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
        const options = { length: 5, count: 10 };
        assert.equal(index.length, fresh.length);
        assert.deepEqual(index.propose(options), fresh.propose(options));
      }),
    );
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
