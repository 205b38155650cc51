import assert from 'node:assert/strict';
import { argmax } from '../../../engine/core/decode/decoder.ts';
import { draftPolicy } from '../../../engine/core/decode/draft/draft-policy.ts';
import {
  DEFAULT_TREE_SETTINGS,
  type TreeSettings,
} from '../../../engine/core/decode/tree-settings.ts';
import { TreeStrategy } from '../../../engine/core/decode/tree-strategy.ts';
import { seededRandom } from '../../../engine/core/metrics/percentiles.ts';
import type { TreeLayout } from '../../../engine/core/tree/layout-tree.ts';
import type { DraftDecoding } from '../../../engine/decoding/draft-decoding.ts';
import type { DecodingChoice } from '../../../engine/decoding/choose-decoding.ts';
import { DecodingSetup, type DecodingResources } from '../../../engine/decoding/decoding-setup.ts';
import type { PromptTokens } from '../../../engine/prompt-tokens/prompt-tokens.ts';
import { DECODING_MODES, type DecodingModeSetting } from '../../../engine/protocol.ts';
import { FakeModel } from '../../support/fake-model.ts';
import { calibratedGuesser, FakeTreeDecoder } from '../../support/fake-tree-model.ts';

const STATES = 4;
const PROFILE = [0.6, 0.15, 0.1, 0.05];
const SURE = [0.9, 0.03, 0.02, 0.01];
const NEVER = new AbortController().signal;

const PROMPT_TOKENS: PromptTokens = {
  count: STATES,
  ensemble: 1,
  embeddingLength: 1,
  rows: new Float32Array(STATES),
  accuracies: Array.from({ length: STATES }, () => PROFILE),
  calibration: { weights: Array.from({ length: STATES }, () => [0, 1, 0] as const) },
  fingerprint: { model: '', weights: '' },
  record: {
    modelName: '',
    quantisation: '',
    steps: 0,
    trainedTokens: 0,
    seconds: 0,
    lossByDistance: [],
    untrained: [],
    device: '',
    date: '',
  },
};

/** Rows are next to free here, so every guess that may be made is made. */
const FREE_ROWS = Array.from({ length: 65 }, (_, n) => (n === 0 ? 0 : 1 + n / 1000));
const PROFILE_OF_FREE_ROWS = { steadyMs: FREE_ROWS, mixedMs: FREE_ROWS, plainMs: 1 };

/** Keeps the layouts of all forward passes. */
class RecordingDecoder extends FakeTreeDecoder {
  readonly layouts: TreeLayout[] = [];

  override forward(layout: TreeLayout) {
    this.layouts.push(layout);
    return super.forward(layout);
  }
}

function setup(overrides: Partial<DecodingResources> = {}, withDraft = false) {
  const model = new FakeModel(7, 40);
  const guesser = calibratedGuesser(model, seededRandom(3), (_, random) =>
    random() < 0.5 ? PROFILE : SURE,
  );
  const decoder = new RecordingDecoder(model, guesser, { count: STATES, ensemble: 1 });
  const decoding = new DecodingSetup({
    decoder,
    supportsTrees: true,
    promptTokens: PROMPT_TOKENS,
    draft: withDraft ? silentDraft(decoder) : null,
    profile: { chains: PROFILE_OF_FREE_ROWS, trees: PROFILE_OF_FREE_ROWS },
    backend: 'cpu',
    mostRows: 64,
    ...overrides,
  });
  return { model, decoder, decoding };
}

/** Text that repeats itself, so that n-grams match. */
const PROMPT = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3];

async function decode(
  mode: DecodingModeSetting,
  tree: Partial<TreeSettings> = {},
  { withDraft = false, ...overrides }: Partial<DecodingResources> & { withDraft?: boolean } = {},
) {
  const { model, decoder, decoding } = setup(overrides, withDraft);
  const choice = decoding.choose(mode, { ...DEFAULT_TREE_SETTINGS, ...tree });
  if (typeof choice === 'string') throw new Error(choice);
  await decoder.append(PROMPT.slice(0, -1));
  decoding.prepare(choice, PROMPT, 'python');
  const strategy = decoding.strategy(choice, {
    prompt: PROMPT,
    tail: PROMPT.slice(-1),
    choose: argmax,
    isEnd: () => false,
    languageId: 'python',
    signal: NEVER,
  });
  const tokens: number[] = [];
  while (tokens.length < 60) {
    const step = await strategy.step();
    assert.ok(step.kind === 'accepted');
    tokens.push(...step.tokens);
  }
  assert.deepEqual(tokens.slice(0, 60), model.greedy(PROMPT, 60), mode);
  const { layouts } = decoder;
  const depths = layouts.flatMap(({ offsets, nodes }) => [...offsets.subarray(0, nodes)]);
  const most = (of: (layout: TreeLayout) => number) => Math.max(-1, ...layouts.map(of));
  return {
    passes: layouts.length,
    rows: most((layout) => layout.length),
    depth: Math.max(0, ...depths),
    slot: most(({ slots }) => Math.max(...slots)),
    /** Candidates directly below the root. */
    width: most(
      ({ parents, nodes }) => [...parents.subarray(1, nodes)].filter((p) => p === 0).length,
    ),
    shapes: new Set(layouts.slice(1).map(({ parents }) => parents.join())).size,
  };
}

/** A draft that never guesses: what is left is what the target adds of its own. */
function silentDraft(decoder: FakeTreeDecoder): DraftDecoding {
  const nothing = () => undefined;
  return {
    unsupportedReason: () => null,
    forecast: () => ({ length: 0, tokens: 1, tokensPerMs: 1 }),
    prepare: nothing,
    retune: nothing,
    forget: nothing,
    dispose: () => Promise.resolve(),
    strategy: (_method, { tail, choose, isEnd }, _ngrams, guide) =>
      new TreeStrategy({ decoder, tail, choose, isEnd, policy: guide!.policy, maxLength: 64 }),
    policy: (method, ngrams, prompts) =>
      draftPolicy({
        method,
        latencyMs: FREE_ROWS,
        tokensPerMs: () => 1,
        drafted: () => [],
        ngrams,
        prompts,
      }),
  };
}

function refusal(choice: DecodingChoice | string): string {
  assert.ok(typeof choice === 'string');
  return choice;
}

describe('decoding setup', () => {
  for (const mode of [
    'plain',
    'ngram',
    'ppd-paper',
    'ppd-static',
    'ppd-adaptive',
    'ppd-ngram',
    'auto',
  ] as const) {
    it(`${mode}: the text of plain decoding`, async () => {
      const { passes, slot } = await decode(mode);
      if (mode === 'plain') assert.equal(passes, 0);
      if (mode.startsWith('ppd')) assert.ok(passes < 45, `${passes} passes`);
      if (mode !== 'auto') assert.equal(slot >= 0, mode.startsWith('ppd'));
    });
  }

  it('says of every mode what is missing', () => {
    const missing = (resources: Partial<DecodingResources>) =>
      setup(resources)
        .decoding.availability.filter((each) => each.unsupportedReason !== null)
        .map((each) => each.mode);
    assert.deepEqual(
      setup().decoding.availability.map(({ mode }) => mode),
      DECODING_MODES,
    );
    assert.deepEqual(missing({}), ['draft', 'draft-ppd']);
    assert.deepEqual(
      missing({ promptTokens: null }),
      DECODING_MODES.filter((mode) => mode !== 'plain' && mode !== 'ngram'),
    );
    assert.deepEqual(
      missing({ supportsTrees: false }),
      DECODING_MODES.filter((mode) => mode !== 'plain'),
    );
    const { decoding } = setup({ promptTokens: null });
    assert.match(refusal(decoding.choose('ppd-static')), /foretoken train/);
    const onlyNgrams = decoding.choose('manual', { ...DEFAULT_TREE_SETTINGS, promptTokens: 0 });
    assert.ok(typeof onlyNgrams === 'object');
  });

  it('refuses settings out of range, and names the setting', () => {
    const { decoding } = setup();
    const wrong = { ...DEFAULT_TREE_SETTINGS, topK: 0 };
    assert.throws(() => decoding.choose('manual', wrong), /foretoken\.tree\.topK is 0/);
  });

  it('says what auto expects: trees and drafts only where they pay', () => {
    const cheap = setup().decoding.autoForecast;
    assert.ok(cheap.treeGain! > 1.5);
    assert.equal(cheap.draftGain, null);
    assert.deepEqual(cheap.modes, ['ppd-ngram', 'ngram', 'ppd-adaptive', 'ppd-static']);
    const dear = Array.from({ length: 65 }, (_, n) => 2 * n);
    const profile = { steadyMs: dear, mixedMs: dear, plainMs: 2 };
    const profiles = { chains: profile, trees: profile };
    const { treeGain, draftGain, modes } = setup({ profile: profiles }, true).decoding.autoForecast;
    assert.equal(treeGain, 1);
    // A token takes plain decoding 2 ms, and 1 by the draft's forecast.
    assert.equal(draftGain, 2);
    assert.deepEqual(modes, ['ngram', 'draft-ppd']);
    assert.equal(setup({ promptTokens: null }).decoding.autoForecast.treeGain, null);
  });

  it('compares trees with the passes that plain decoding makes', () => {
    const twice = FREE_ROWS.map((ms) => 2 * ms);
    const trees = { steadyMs: twice, mixedMs: twice, plainMs: 2 };
    const dearer = setup({ profile: { chains: PROFILE_OF_FREE_ROWS, trees } }).decoding;
    const gain = setup().decoding.autoForecast.treeGain!;
    assert.ok(Math.abs(dearer.autoForecast.treeGain! - gain / 2) < 1e-9);
  });

  describe('recent completions', () => {
    /** Forward passes for 40 tokens behind a prompt that repeats nothing. */
    async function passes(ngram: boolean, recent: boolean, remembered: boolean): Promise<number> {
      const { model, decoding } = setup();
      const prompt = [11, 12, 13, 14];
      const written = model.greedy(prompt, 40);
      if (remembered) decoding.remember(prompt, written);
      const tree = { ...DEFAULT_TREE_SETTINGS, promptTokens: 0, depth: 16, ngram };
      const choice = decoding.choose('manual', tree);
      assert.ok(typeof choice === 'object');
      decoding.prepare(choice, prompt, '', { own: prompt, others: () => [], recent });
      const strategy = decoding.strategy(choice, {
        prompt,
        tail: prompt,
        choose: argmax,
        isEnd: () => false,
        languageId: '',
        signal: NEVER,
      });
      const tokens: number[] = [];
      let steps = 0;
      for (; tokens.length < 40; steps += 1) {
        const step = await strategy.step();
        assert.ok(step.kind === 'accepted');
        tokens.push(...step.tokens);
      }
      assert.deepEqual(tokens.slice(0, 40), written);
      return steps;
    }

    it('are guessed again: the same text in fewer passes', async () => {
      const alone = await passes(true, true, false);
      const helped = await passes(true, true, true);
      assert.ok(helped < alone / 3, `${helped} and ${alone} passes`);
    });

    it('count only where they are asked for, and where n-gram chains are on', async () => {
      assert.equal(await passes(true, false, true), await passes(true, false, false));
      assert.equal(await passes(false, true, true), 40);
    });
  });

  describe('settings of mode manual', () => {
    it('nodeBudget is the length of the longest pass', async () => {
      for (const nodeBudget of [2, 5, 12, 40]) {
        const { rows } = await decode('manual', { nodeBudget, ngram: false });
        assert.ok(rows <= nodeBudget && rows >= nodeBudget * 0.8, `${rows} of ${nodeBudget}`);
      }
      assert.equal((await decode('manual', { nodeBudget: 1 })).passes, 0);
    });

    it('depth is how far candidates go', async () => {
      for (const depth of [1, 2, 3]) {
        assert.equal((await decode('manual', { depth, nodeBudget: 64 })).depth, depth);
      }
      assert.equal((await decode('manual', { depth: 0 })).passes, 0);
    });

    it('promptTokens is how many prompt tokens are used', async () => {
      for (const promptTokens of [1, 2, 3, 4]) {
        const { slot } = await decode('manual', { promptTokens, nodeBudget: 64 });
        assert.equal(slot, promptTokens - 1);
      }
      assert.equal((await decode('manual', { promptTokens: 0 })).slot, -1);
    });

    it('topK is how many guesses become candidates', async () => {
      for (const topK of [1, 2, 3]) {
        const { width } = await decode('manual', { topK, ngram: false, nodeBudget: 64 });
        assert.equal(width, topK);
      }
    });

    it('adaptive: trees follow the guesses; otherwise there is one for each state', async () => {
      const fixed = await decode('manual', { adaptive: false, ngram: false });
      const grown = await decode('manual', { adaptive: true, ngram: false });
      assert.ok(fixed.shapes <= STATES + 1, `${fixed.shapes} shapes`);
      assert.ok(grown.shapes > fixed.shapes, `${grown.shapes} and ${fixed.shapes} shapes`);
    });

    it('ngram: with and without a fixed tree', async () => {
      const tree = { promptTokens: 0, nodeBudget: 8 };
      assert.equal((await decode('manual', { ...tree, ngram: false })).passes, 0);
      assert.ok((await decode('manual', { ...tree, ngram: true })).rows > 1);
      const fixed = { adaptive: false, nodeBudget: 8, promptTokens: 1, topK: 1 };
      const without = await decode('manual', { ...fixed, ngram: false });
      const merged = await decode('manual', { ...fixed, ngram: true });
      assert.ok(without.depth <= 1 && merged.depth > 1);
    });

    it('draft, ngram and prompt tokens together: the own prompt tokens guess beside the draft', async () => {
      const tree = { draft: true, nodeBudget: 64, promptTokens: 3 };
      const everything = await decode('manual', tree, { withDraft: true });
      assert.deepEqual([everything.slot, everything.rows > 4], [2, true]);
      const withoutNgrams = { ...tree, ngram: false };
      assert.equal((await decode('manual', withoutNgrams, { withDraft: true })).slot, -1);
      for (const mode of ['draft', 'draft-ppd'] as const) {
        assert.equal((await decode(mode, {}, { withDraft: true })).slot, -1);
      }
    });

    it('keep the draft where the model has no prompt tokens', () => {
      const { decoding } = setup({ promptTokens: null }, true);
      const choice = decoding.choose('manual', { ...DEFAULT_TREE_SETTINGS, draft: true });
      assert.ok(typeof choice === 'object');
      const { draft, ngram, promptTokens, targetPrompts } = choice.method;
      assert.deepEqual([draft, ngram, promptTokens, targetPrompts], [true, true, 3, 0]);
      assert.match(choice.reason ?? '', /foretoken train/);
    });

    it('keep a draft that has no prompt tokens, and what else guesses', () => {
      const draft = {
        ...silentDraft(setup().decoder),
        unsupportedReason: (mode: string) =>
          mode === 'draft' ? null : 'no prompt tokens of its own',
      };
      const choice = setup({ draft }).decoding.choose('manual', {
        ...DEFAULT_TREE_SETTINGS,
        draft: true,
      });
      assert.ok(typeof choice === 'object');
      const { promptTokens, targetPrompts, ngram } = choice.method;
      assert.deepEqual(
        [choice.method.draft, promptTokens, targetPrompts, ngram],
        [true, 0, 3, true],
      );
      assert.equal(choice.reason, 'no prompt tokens of its own');
      const alone = { ...DEFAULT_TREE_SETTINGS, draft: true, ngram: false };
      const rest = setup({ draft, promptTokens: null }).decoding.choose('manual', alone);
      assert.ok(typeof rest === 'object');
      assert.deepEqual([rest.method.draft, rest.method.promptTokens], [true, 0]);
    });

    it('leave out what is not there, and say so', () => {
      const { decoding } = setup({ promptTokens: null });
      const draft = { ...DEFAULT_TREE_SETTINGS, draft: true };
      const choice = decoding.choose('manual', draft);
      assert.ok(typeof choice === 'object');
      assert.deepEqual([choice.method.draft, choice.method.promptTokens], [false, 0]);
      assert.match(choice.reason ?? '', /no draft model.*foretoken train/);
      assert.match(
        refusal(decoding.choose('manual', { ...draft, ngram: false })),
        /no draft model/,
      );
    });
  });
});
