import assert from 'node:assert/strict';
import {
  forwardLength,
  pathTo,
  rankTree,
  rankTreeFromPaths,
  tokenTree,
  treeDepth,
} from '../../../../engine/core/tree/candidate-tree.ts';
import {
  expectedGain,
  reachChances,
  stopChances,
} from '../../../../engine/core/tree/expected-gain.ts';

const ROOT = { parent: -1, label: 0, prompts: 0 };

describe('candidate tree', () => {
  const tree = rankTreeFromPaths([[0, 1], [0], [2]], (path) => 2 - path.length);

  it('is built from paths in any order, parents first', () => {
    assert.deepEqual([...tree.parents], [-1, 0, 0, 1]);
    assert.deepEqual([...tree.ranks], [-1, 0, 2, 1]);
    assert.deepEqual([...tree.depths], [0, 1, 1, 2]);
    assert.deepEqual([...tree.prompts], [2, 1, 1, 0]);
    assert.deepEqual(pathTo(tree, 3), [0, 1, 3]);
    assert.equal(treeDepth(tree), 2);
  });

  it('counts the root, the candidates and every row of its prompt tokens', () => {
    assert.equal(forwardLength(tree, 1), 4 + 4);
    assert.equal(forwardLength(tree, 3), 4 + 3 * 4);
  });

  it('knows how far decoding gets in it', () => {
    const accuracies = [
      [0.5, 0.2, 0.1],
      [0.3, 0.2],
    ];
    const reach = reachChances(tree, accuracies);
    const near = (actual: Float64Array, expected: readonly number[]) => {
      actual.forEach((value, index) => {
        assert.ok(Math.abs(value - expected[index]!) < 1e-12);
      });
    };
    near(reach, [1, 0.5, 0.1, 0.1]);
    near(stopChances(tree, reach), [0.4, 0.4, 0.1, 0.1]);
    assert.ok(Math.abs(expectedGain(tree, accuracies) - 0.7) < 1e-12);
  });

  for (const [fault, nodes] of [
    ['a child before its parent', [ROOT, { parent: 2, label: 1, prompts: 0 }, ROOT]],
    ['two roots', [ROOT, ROOT]],
    ['a negative number of prompt tokens', [{ ...ROOT, prompts: -1 }]],
    [
      'siblings that are the same',
      [ROOT, { parent: 0, label: 1, prompts: 0 }, { parent: 0, label: 1, prompts: 2 }],
    ],
  ] as const) {
    it(`refuses ${fault}`, () => {
      assert.throws(() => tokenTree(nodes), RangeError);
      assert.throws(() => rankTree(nodes), RangeError);
    });
  }

  it('refuses a path without its prefix', () => {
    assert.throws(() => rankTreeFromPaths([[0, 1]], () => 0), /no parent/);
  });
});
