import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BUILT_IN_PROMPTS } from '../../engine/core/bench/built-in-prompts.ts';
import { DEFAULT_TREE_SETTINGS } from '../../engine/core/decode/tree-settings.ts';
import { EMBEDDED_MODELS } from '../../engine/models/resolve.ts';
import { tinyLlama, toGguf } from '../native/support/tiny-models.ts';
import { BATCH_SHAPE_TOLERANCE } from '../native/support/trees.ts';
import { completed, NEVER, request, ROOT, temporaryFolder, TestEngine } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder, name);
const EMBEDDED = path.join(ROOT, 'models', EMBEDDED_MODELS[0].file);

const TEXT = 'export function sum(values: readonly number[]): number {\n  let total = 0;\n  |\n}\n';

describe('engine: a draft model', function () {
  this.timeout(120_000);
  const engine = new TestEngine();
  after(() => engine.client.dispose());

  before(() => {
    copyFileSync(EMBEDDED, at('copy.gguf'));
    writeFileSync(at('tiny.gguf'), toGguf(tinyLlama()));
    writeFileSync(at('broken.gguf'), 'GGUF, or so it says');
  });

  const unsupported = (modes: Awaited<ReturnType<typeof engine.ready>>['modes'], wanted: string) =>
    modes.find(({ mode }) => mode === wanted)?.unsupportedReason;

  it('is none where the user wants none', async () => {
    const state = await engine.ready({ draft: null });
    assert.equal(state.draft, undefined);
    assert.match(unsupported(state.modes, 'draft') ?? '', /no draft model/);
    assert.deepEqual(state.warnings, []);
  });

  it('is loaded beside the model, and the text stays the same', async () => {
    const state = await engine.ready({ draft: at('copy.gguf') });
    assert.equal(state.draft, 'copy');
    assert.equal(unsupported(state.modes, 'draft'), null);
    assert.match(unsupported(state.modes, 'draft-ppd') ?? '', /foretoken train --model/);
    const plain = completed(await engine.complete(TEXT, { mode: 'plain' }));
    for (let round = 0; round < 3; round += 1) {
      const drafted = completed(await engine.complete(TEXT, { mode: 'draft', strict: true }));
      assert.equal(drafted.mode, 'draft');
      assert.equal(drafted.text, plain.text);
    }
  });

  it('that ships is one tree with prompt tokens and n-gram chains in mode manual', async () => {
    const { draft } = await engine.ready();
    assert.ok(draft !== undefined);
    const tree = { ...DEFAULT_TREE_SETTINGS, draft: true };
    const merged = completed(await engine.complete(TEXT, { mode: 'manual', strict: true, tree }));
    assert.deepEqual([merged.mode, merged.modeReason], ['manual', null]);

    const prompts = BUILT_IN_PROMPTS.slice(0, 6);
    const asked = { prompts, modes: ['manual'] as const, tree, maxTokens: 32, runs: 1 };
    const outcome = await engine.client.bench(asked, NEVER, () => undefined);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    const manual = outcome.report.modes['manual']!;
    assert.ok(manual.tokensPerStep > 1.2, `${manual.tokensPerStep}`);
    const margins = manual.divergences.map(({ marginOfPlain }) => marginOfPlain);
    assert.ok(
      margins.every((margin) => margin <= BATCH_SHAPE_TOLERANCE),
      margins.join(),
    );
  });

  it('as large as its target, it is left alone by auto, which says so', async () => {
    await engine.ready({ draft: at('copy.gguf') });
    const plain = completed(await engine.complete(TEXT, { mode: 'plain' }));
    const reasons: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const chosen = completed(await engine.complete(TEXT, { mode: 'auto' }));
      assert.equal(chosen.text, plain.text);
      reasons.push(chosen.modeReason ?? '');
    }
    assert.match(reasons.at(-1) ?? '', /nothing else is expected to pay/);
  });

  it('gives way to the next request', async () => {
    await engine.ready({ draft: at('copy.gguf') });
    const plain = completed(await engine.complete(TEXT, { mode: 'plain' }));
    const first = engine.client.complete(request(TEXT, { mode: 'draft', maxTokens: 200 }), NEVER);
    const second = completed(await engine.complete(TEXT, { mode: 'draft' }));
    assert.equal((await first).kind, 'cancelled');
    assert.equal(second.text, plain.text);
  });

  const unusable: readonly [file: string, warning: RegExp][] = [
    ['tiny.gguf', /tiny is not used\. Its vocabulary is not the model's .*same family/],
    ['broken.gguf', /broken is not used\. /],
    ['missing.gguf', /No model at .*foretoken\.draftModel/],
  ];
  for (const [file, warning] of unusable) {
    it(`${file}: the model works without it, and says why`, async () => {
      const state = await engine.ready({ draft: at(file) });
      assert.equal(state.draft, undefined);
      assert.equal(state.warnings.length, 1);
      assert.match(state.warnings[0] ?? '', warning);
      const plain = completed(await engine.complete(TEXT, { mode: 'plain' }));
      const asked = completed(await engine.complete(TEXT, { mode: 'draft' }));
      assert.equal(asked.text, plain.text);
      assert.match(asked.modeReason ?? '', /no draft model/);
    });
  }
});

describe('engine: the latency contract', function () {
  this.timeout(60_000);
  const engine = new TestEngine();
  after(() => engine.client.dispose());
  const lines = Array.from({ length: 60 }, (_, n) => `const value${n} = compute(${n});\n`).join('');

  it('tells what was given up, and nothing without a budget', async () => {
    await engine.ready();
    const first = completed(await engine.complete(`${lines}|`));
    assert.equal(first.concessions, undefined);
    const latencyBudgetMs = 1;
    const late = completed(await engine.complete(`// new\n${lines}|`, { latencyBudgetMs }));
    const kinds = late.concessions?.map(({ kind }) => kind);
    assert.equal(kinds?.[0], 'context-shortened');
    assert.equal(kinds.at(-1), 'budget-too-small');
    assert.ok(late.timing.promptTokens < first.timing.promptTokens);
    const free = completed(await engine.complete(`// newer\n${lines}|`, { latencyBudgetMs: 1e6 }));
    assert.equal(free.concessions, undefined);
  });
});
