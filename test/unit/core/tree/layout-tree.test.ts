import assert from 'node:assert/strict';
import fc from 'fast-check';
import { forwardLength, pathTo, tokenTree } from '../../../../engine/core/tree/candidate-tree.ts';
import { layoutFault, layoutTree } from '../../../../engine/core/tree/layout-tree.ts';
import { treeArbitrary } from './support.ts';

describe('tree layout', () => {
  it('puts nodes first, then prompt tokens, each leaf path a sequence', () => {
    const tree = tokenTree([
      { parent: -1, label: 7, prompts: 1 },
      { parent: 0, label: 8, prompts: 2 },
    ]);
    assert.deepEqual(layoutTree(tree, { ensemble: 1, shapes: [4, 6] }), {
      length: 6,
      nodes: 2,
      stem: 0,
      //                           root node  root's   node's  padding
      tokens: Int32Array.of(7, 8, -1, -1, -1, 7),
      slots: Int32Array.of(-1, -1, 0, 0, 1, -1),
      offsets: Int32Array.of(0, 1, 1, 2, 3, 1),
      parents: Int32Array.of(-1, 0, 0, 1, 3, 0),
      owners: Int32Array.of(0, 1, 0, 1, 1, -1),
      sequences: [[0, 1, 2], [1], [0], [1], [1], [2]],
      sequenceCount: 3,
    });
  });

  it('puts a stem in front, which every path holds', () => {
    fc.assert(
      fc.property(
        treeArbitrary(6, 14, 3),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }),
        (tree, ensemble, stem) => {
          const alone = layoutTree(tree, { ensemble });
          const layout = layoutTree(tree, { ensemble, stem });
          const below = (value: number) => value + stem.length;
          assert.equal(layoutFault(layout), null);
          assert.equal(layout.stem, stem.length);
          assert.deepEqual([...layout.tokens], [...stem, ...alone.tokens]);
          assert.deepEqual([...layout.slots], [...stem.map(() => -1), ...alone.slots]);
          assert.deepEqual([...layout.offsets], [...stem.keys(), ...alone.offsets.map(below)]);
          const all = Array.from({ length: alone.sequenceCount }, (_, id) => id);
          assert.deepEqual(layout.sequences, [...stem.map(() => all), ...alone.sequences]);
        },
      ),
    );
  });

  it('gives the rows of an ensemble chains of their own', () => {
    const tree = tokenTree([{ parent: -1, label: 7, prompts: 2 }]);
    const layout = layoutTree(tree, { ensemble: 2 });
    assert.deepEqual([...layout.slots], [-1, 0, 2, 1, 3]);
    assert.deepEqual([...layout.offsets], [0, 1, 2, 1, 2]);
    assert.deepEqual(layout.sequences, [[0, 1], [0], [0], [1], [1]]);
  });

  it('keeps the batch rules for any tree, and loses nothing of it', () => {
    fc.assert(
      fc.property(
        treeArbitrary(6, 14, 3),
        fc.integer({ min: 1, max: 3 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
        (tree, ensemble, sizes) => {
          const shapes = sizes.sort((a, b) => a - b);
          const layout = layoutTree(tree, { ensemble, shapes });
          const rows = forwardLength(tree, ensemble);
          assert.equal(layoutFault(layout), null);
          assert.equal(layout.length, shapes.find((shape) => shape >= rows) ?? rows);
          const prompts = Array.from({ length: tree.size }, () => 0);
          for (let row = 0; row < layout.length; row += 1) {
            if (layout.slots[row]! >= 0) prompts[layout.owners[row]!]! += 1 / ensemble;
            // Padding is no one's: no other row shares its sequence, but for the root.
            if (layout.owners[row] !== -1 || row < layout.nodes) continue;
            const [own] = layout.sequences[row]!;
            for (let other = 1; other < rows; other += 1) {
              assert.ok(!layout.sequences[other]!.includes(own!));
            }
          }
          prompts.forEach((count, node) => {
            assert.ok(Math.abs(count - tree.prompts[node]!) < 1e-9);
          });
          for (let node = 0; node < tree.size; node += 1) {
            const [first] = layout.sequences[node]!;
            const seen = Array.from({ length: tree.size }, (_, other) => other).filter(
              (other) =>
                layout.sequences[other]!.includes(first!) &&
                layout.offsets[other]! <= layout.offsets[node]!,
            );
            assert.deepEqual(seen, pathTo(tree, node));
          }
        },
      ),
    );
  });

  const good = layoutTree(
    tokenTree([
      { parent: -1, label: 7, prompts: 1 },
      { parent: 0, label: 8, prompts: 0 },
    ]),
    { ensemble: 1 },
  );
  for (const [fault, broken] of [
    ['a parent behind its child', { ...good, parents: Int32Array.of(-1, 2, 0) }],
    ['a hole in the positions', { ...good, offsets: Int32Array.of(0, 2, 1) }],
    ['a row without a sequence', { ...good, sequences: [[0, 1], [], [1]] }],
    ['a sequence with two tokens at one position', { ...good, sequences: [[0, 1], [1], [1]] }],
    ['a row that is token and slot', { ...good, slots: Int32Array.of(-1, 0, 0) }],
    ['too many sequences', { ...good, sequenceCount: 256 }],
  ] as const) {
    it(`finds ${fault}`, () => {
      assert.equal(layoutFault(good), null);
      assert.notEqual(layoutFault(broken), null);
    });
  }
});
