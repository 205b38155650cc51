import assert from 'node:assert/strict';
import { argmax, type TokenRow } from '../../../../engine/core/decode/decoder.ts';
import { acceptByChoice, acceptTypical } from '../../../../engine/core/tree/accept.ts';
import { tokenTree } from '../../../../engine/core/tree/candidate-tree.ts';

/** A row of tokens with their chances, the likeliest first. */
function row(...chances: readonly (readonly [token: number, chance: number])[]): TokenRow {
  return {
    ids: Int32Array.from(chances, ([token]) => token),
    logits: Float32Array.from(chances, ([, chance]) => Math.log(chance)),
  };
}

//   0 ─┬─ 1 ─── 3        the model after 0: 1 (or 2), after 1: 4 (or 3), after 2: 5
//      └─ 2 ─── 5                    after 3: 6,      after 5: 8
const tree = tokenTree([
  { parent: -1, label: 0, prompts: 0 },
  { parent: 0, label: 1, prompts: 0 },
  { parent: 0, label: 2, prompts: 0 },
  { parent: 1, label: 3, prompts: 0 },
  { parent: 2, label: 5, prompts: 0 },
]);
const rows = [
  row([1, 0.6], [2, 0.4]),
  row([4, 0.97], [3, 0.03]),
  row([5, 0.9], [9, 0.1]),
  row([6, 0.8], [9, 0.2]),
  row([8, 0.7], [9, 0.3]),
];
const rowOf = (node: number) => rows[node]!;

describe('acceptance', () => {
  it('follows the choice while the tree holds it, plus the bonus token', () => {
    const { path, tokens, margins } = acceptByChoice(tree, rowOf, argmax);
    assert.deepEqual(
      [path, tokens],
      [
        [0, 1],
        [1, 4],
      ],
    );
    assert.ok(Math.abs(margins[0]! - Math.log(0.6 / 0.4)) < 1e-6);
    assert.ok(Math.abs(margins[1]! - Math.log(0.97 / 0.03)) < 1e-5);
  });

  it('asks for one choice per token, whatever the choice', () => {
    const wanted = [2, 5, 9];
    let asked = 0;
    const { path, tokens } = acceptByChoice(tree, rowOf, () => wanted[asked++]!);
    assert.deepEqual([path, tokens, asked], [[0, 2, 4], [2, 5, 9], 3]);
  });

  it('lets nothing follow an end token', () => {
    const { path, tokens } = acceptByChoice(tree, rowOf, argmax, (token) => token === 1);
    assert.deepEqual([path, tokens], [[0], [1]]);
  });

  it('typically accepts the longest path of good enough candidates, which is lossy', () => {
    const { path, tokens, margins } = acceptTypical(tree, rowOf, argmax);
    assert.deepEqual(
      [path, tokens],
      [
        [0, 2, 4],
        [2, 5, 8],
      ],
    );
    assert.equal(margins.length, tokens.length);
    const strict = acceptTypical(tree, rowOf, argmax, undefined, { posterior: 0.5, scale: 10 });
    assert.deepEqual(
      [strict.path, strict.tokens],
      [
        [0, 1],
        [1, 4],
      ],
    );
    const ended = acceptTypical(tree, rowOf, argmax, (token) => token === 2);
    assert.deepEqual(ended.path, [0, 1]);
  });
});
