import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  methodOfMode,
  methodOfSettings,
  settingsOfMode,
  type DecodingMethod,
} from '../../../../engine/core/decode/decoding-method.ts';
import {
  DEFAULT_TREE_SETTINGS,
  TREE_LIMITS,
  treeSettingsFault,
  type TreeSettings,
} from '../../../../engine/core/decode/tree-settings.ts';
import { DECODING_MODES } from '../../../../engine/protocol.ts';
import {
  bestSetting,
  type AppliedSettings,
  type Present,
} from '../../../../extension/benchmark/best-setting.ts';
import { MODE_SETTINGS } from '../../../../extension/parse-settings.ts';
import { benchReport, benchRun, faster, modeReport, PRESENT } from './support.ts';

type Modes = Parameters<typeof benchReport>[0];

const { device } = benchReport({});
const TREE: TreeSettings = { ...DEFAULT_TREE_SETTINGS, nodeBudget: 40, ngram: false, draft: true };
const measuredWith = { tree: TREE, draft: 'small' };
const LOADED = { model: 'tiny', draft: 'small', device };
const WIDE = { 'tree.nodeBudget': 128, 'tree.depth': 16 };

function best(modes: Modes, present: Partial<Present> = {}) {
  const run = benchRun({ plain: modeReport(), ...modes }, { measuredWith });
  return bestSetting(run, { ...PRESENT, ...present });
}

describe('the best setting of a benchmark', () => {
  const rows: readonly [name: string, modes: Modes, row: string][] = [
    ['the fastest', { ngram: faster(1.3), 'ppd-ngram': faster(1.8) }, 'ppd-ngram'],
    ['auto, where it is as fast', { ngram: faster(1.5), auto: faster(1.45) }, 'auto'],
    ['not auto, where it is slower', { ngram: faster(1.5), auto: faster(1.2) }, 'ngram'],
    ['plain, where none is surely faster', { ngram: faster(1.05) }, 'plain'],
    ['plain, on its own', {}, 'plain'],
    [
      'auto, where it is plain and others are slower',
      { ngram: faster(0.8), auto: faster(1) },
      'auto',
    ],
    ['the next, where no setting says it', { 'ppd-paper': faster(2), ngram: faster(1.5) }, 'ngram'],
  ];
  for (const [name, modes, row] of rows) {
    it(`is ${name}`, () => {
      assert.equal(best(modes).row, row);
    });
  }

  const applied: readonly [
    row: string,
    modes: Modes,
    present: Partial<Present>,
    AppliedSettings,
  ][] = [
    ['auto', { auto: faster(1.5) }, { mode: 'plain' }, { mode: 'auto' }],
    ['plain', { ngram: faster(0.9) }, {}, { mode: 'plain' }],
    ['ngram', { ngram: faster(2) }, {}, { ...WIDE, 'tree.promptTokens': 0, mode: 'manual' }],
    [
      'ppd-adaptive',
      { 'ppd-adaptive': faster(2) },
      {},
      { ...WIDE, 'tree.promptTokens': 16, 'tree.ngram': false, mode: 'manual' },
    ],
    [
      'ppd-static',
      { 'ppd-static': faster(2) },
      {},
      {
        ...WIDE,
        'tree.promptTokens': 16,
        'tree.ngram': false,
        'tree.adaptive': false,
        mode: 'manual',
      },
    ],
    [
      'ppd-ngram',
      { 'ppd-ngram': faster(2) },
      {},
      { ...WIDE, 'tree.promptTokens': 16, mode: 'manual' },
    ],
    [
      'draft',
      { draft: faster(2) },
      {},
      { ...WIDE, 'tree.promptTokens': 0, 'tree.ngram': false, 'tree.draft': true, mode: 'manual' },
    ],
    [
      'draft-ppd',
      { 'draft-ppd': faster(2) },
      {},
      { ...WIDE, 'tree.promptTokens': 16, 'tree.ngram': false, 'tree.draft': true, mode: 'manual' },
    ],
    [
      'manual',
      { manual: faster(2) },
      {},
      { 'tree.nodeBudget': 40, 'tree.ngram': false, 'tree.draft': true, mode: 'manual' },
    ],
    [
      'manual, changed since',
      { manual: faster(2) },
      { mode: 'manual', tree: { ...TREE, topK: 2 } },
      { 'tree.topK': 10 },
    ],
  ];
  for (const [row, modes, present, settings] of applied) {
    it(`of ${row} is what it was measured with, and nothing more`, () => {
      const found = best(modes, { loaded: LOADED, ...present });
      assert.deepEqual(found.settings, settings);
      assert.notEqual(found.view.action, null);
      const { mode } = { mode: present.mode ?? 'auto', ...found.settings };
      assert.ok(
        MODE_SETTINGS.some((each) => each === mode),
        `${mode} is no setting`,
      );
    });
  }

  it('is not offered where it is set already', () => {
    const tree = { ...TREE, ...settingsOfMode('ngram'), topK: 3, adaptive: false };
    for (const { settings, view } of [
      best({ auto: faster(1.5) }),
      best({ manual: faster(1.5) }, { mode: 'manual', tree: TREE }),
      best({ ngram: faster(1.5) }, { mode: 'manual', tree }),
      best({ ngram: faster(0.9) }, { mode: 'plain' }),
    ]) {
      assert.equal(settings, null);
      assert.equal(view.action, null);
      assert.match(view.text, /already\.$/);
    }
  });

  it('is not offered to other models or another device than were measured', () => {
    const others = [
      { ...LOADED, model: 'large' },
      { ...LOADED, draft: null },
      { ...LOADED, device: { ...device, threads: 8 } },
    ];
    for (const loaded of others) {
      const { settings, view } = best({ draft: faster(1.5) }, { loaded });
      assert.equal(settings, null);
      assert.equal(view.action, null);
      assert.match(view.text, /^draft was the fastest.* now\. .*run the benchmark again\.$/i);
    }
    // Without a draft in it a mode does not depend on one.
    const [, withoutDraft] = others;
    assert.ok(withoutDraft !== undefined);
    assert.notEqual(best({ ngram: faster(1.5) }, { loaded: withoutDraft }).settings, null);
  });

  it('leaves out "manual" where an earlier version did not keep its settings', () => {
    const run = benchRun({ plain: modeReport(), manual: faster(2), 'ppd-ngram': faster(1.5) });
    const { row, view } = bestSetting(run, PRESENT);
    assert.equal(row, 'ppd-ngram');
    assert.match(view.text, /^manual was the fastest: 2\.00x .* next best is ppd-ngram: 1\.50x/);
  });
});

describe('settings of a mode', () => {
  /** What matters of a method, as far as settings reach. */
  function reached(method: DecodingMethod) {
    const { shape, promptTokens, targetPrompts, ngram, draft, nodeBudget, depth, topK } = method;
    const most = { nodeBudget: TREE_LIMITS.nodeBudget.max, depth: TREE_LIMITS.depth.max };
    const prompts = Math.min(promptTokens, TREE_LIMITS.promptTokens.max);
    return {
      ngram,
      draft,
      prompts,
      ...(draft && { targetPrompts }),
      nodeBudget: Math.min(nodeBudget, most.nodeBudget),
      depth: Math.min(depth, most.depth),
      ...(prompts > 0 && { topK, ...(!draft && { shape }) }),
    };
  }

  const integers = ({ min, max }: { readonly min: number; readonly max: number }) =>
    fc.integer({ min, max });
  const trees = fc.record({
    nodeBudget: integers(TREE_LIMITS.nodeBudget),
    depth: integers(TREE_LIMITS.depth),
    promptTokens: integers(TREE_LIMITS.promptTokens),
    topK: integers(TREE_LIMITS.topK),
    adaptive: fc.boolean(),
    ngram: fc.boolean(),
    draft: fc.boolean(),
  });

  it('are none for the trees of the paper', () => {
    assert.equal(settingsOfMode('ppd-paper'), null);
  });

  for (const mode of DECODING_MODES.filter((each) => !/^plain$|paper/.test(each))) {
    it(`${mode}: "manual" does the same with them, whatever else is set`, () => {
      const settings = settingsOfMode(mode);
      assert.ok(settings !== null);
      fc.assert(
        fc.property(trees, (present) => {
          const tree = { ...present, ...settings };
          assert.equal(treeSettingsFault(tree), null);
          assert.deepEqual(reached(methodOfSettings(tree)), reached(methodOfMode(mode)));
        }),
        { numRuns: 50 },
      );
    });
  }
});
