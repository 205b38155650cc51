import assert from 'node:assert/strict';
import { modelDescription, modelDetail, sortForChoice } from '../../../extension/model-text.ts';
import type { ListedModel } from '../../../engine/protocol.ts';

function listed(changes: Partial<ListedModel>): ListedModel {
  return {
    name: 'coder-1b',
    title: 'Coder 1B',
    source: 'catalogue',
    installed: false,
    path: null,
    sizeBytes: 1.65e9,
    sizeIsApproximate: true,
    parameters: 1.5,
    quantisation: 'Q8_0',
    licence: { name: 'Apache-2.0', terms: 'permissive' },
    fillInMiddle: 'yes',
    memoryBytes: 2 * 2 ** 30,
    memoryBasis: 'rule-of-thumb',
    note: null,
    recommendation: null,
    ...changes,
  };
}

describe('model texts', () => {
  const descriptions: readonly [Partial<ListedModel>, string][] = [
    [{}, '1.5 B, Q8_0, ~1.6 GB'],
    [{ sizeIsApproximate: false, sizeBytes: 6.3e6 }, '1.5 B, Q8_0, 6 MB'],
    [{ parameters: null, quantisation: null, sizeIsApproximate: false }, '1.6 GB'],
  ];
  for (const [changes, expected] of descriptions) {
    it(`description: ${expected}`, () => {
      assert.equal(modelDescription(listed(changes)), expected);
    });
  }

  const details: readonly [Partial<ListedModel>, string][] = [
    [{}, 'Apache-2.0 · 2.0 GiB of memory'],
    [{ licence: null }, 'licence unknown · 2.0 GiB of memory'],
    [
      { licence: { name: 'MNPL-0.1', terms: 'non-commercial' }, fillInMiddle: 'prefix-only' },
      'MNPL-0.1 (no commercial use) · 2.0 GiB of memory · ignores the text after the cursor',
    ],
    [
      {
        licence: { name: 'Gemma', terms: 'use-restrictions' },
        note: 'Old.',
        recommendation: 'why',
      },
      'Gemma (some uses forbidden) · 2.0 GiB of memory · why · Old',
    ],
  ];
  for (const [changes, expected] of details) {
    it(`detail: ${expected}`, () => {
      assert.equal(modelDetail(listed(changes)), expected);
    });
  }

  it('recommended first, then those on this machine, then by size', () => {
    const models = [
      listed({ name: 'large', sizeBytes: 3e9 }),
      listed({ name: 'small', sizeBytes: 1e9 }),
      listed({ name: 'there', sizeBytes: 2e9, installed: true }),
      listed({ name: 'best', sizeBytes: 4e9, recommendation: 'why' }),
    ];
    const names = sortForChoice(models).map((each) => each.name);
    assert.deepEqual(names, ['best', 'there', 'small', 'large']);
  });
});
