import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_TREE_SETTINGS } from '../../engine/core/decode/tree-settings.ts';
import { Engine } from '../../engine/engine.ts';
import {
  DEFAULT_CONFIGURATION,
  type CompletedCompletion,
  type CompletionOutcome,
  type CompletionRequest,
  type CompletionTiming,
} from '../../engine/protocol.ts';
import { PLAIN_PLACES } from '../support/plain-places.ts';
import { root, scratchDirectory } from './support/native.ts';

const NEVER = new AbortController().signal;
/** What somebody may change elsewhere: above, or below. */
const EDITS: readonly ((at: Place) => Place)[] = [
  ({ prefix, suffix }) => ({ prefix: `import fs from 'fs';\n${prefix}`, suffix }),
  ({ prefix, suffix }) => ({ prefix: `let unrelated = 1;\n${prefix}`, suffix }),
  ({ prefix, suffix }) => ({ prefix: `\n${prefix}`, suffix }),
  ({ prefix, suffix }) => ({ prefix, suffix: `${suffix}\nlet unrelated = 1;\n` }),
];

/** Pairs of a place and an edit that leave the text as it is. */
const ENOUGH_EDITS = 2;
/** Of a text that is long enough to be helped with. */
const LEAST_STEPS = 4;
/** Tokens per step without help. */
const MOST_ALONE = 1.2;

interface Place {
  readonly prefix: string;
  readonly suffix: string;
}

const PLACES: readonly Place[] = PLAIN_PLACES.map((each) => ({
  prefix: each.replace('|', ''),
  suffix: '\n',
}));

/** What the engine, in this process, makes of a second request like one before. */
describe('recent completions on the embedded model', function () {
  this.timeout(120_000);
  let engine: Engine;
  /** Where the model writes most without repeating anything. */
  let place: Place = { prefix: '', suffix: '' };

  before(async () => {
    const modelsFolder = join(scratchDirectory(), 'recent');
    mkdirSync(modelsFolder, { recursive: true });
    engine = new Engine(
      { root, version: '0.0.0', modelsFolder },
      { onState: () => undefined, onLog: () => undefined },
    );
    await load();
    let most = 0;
    for (const at of PLACES) {
      const { timing } = await complete(at);
      if (timing.tokensPerStep > MOST_ALONE || timing.steps <= most) continue;
      most = timing.steps;
      place = at;
    }
    assert.ok(most > 4, `${most} steps`);
  });
  beforeEach(load);
  after(() => engine.unload());

  async function load(): Promise<void> {
    const state = await engine.configure({ ...DEFAULT_CONFIGURATION, gpu: 'cpu', threads: 1 });
    assert.equal(state.kind, 'ready', JSON.stringify(state));
  }

  function ask(
    at: Place,
    overrides: Partial<CompletionRequest> = {},
    signal = NEVER,
    onText?: () => void,
  ): Promise<CompletionOutcome> {
    const request: CompletionRequest = {
      document: { path: 'a.ts', languageId: 'typescript', ...at },
      mode: 'ngram',
      maxTokens: 48,
      deadlineMs: null,
      multiline: true,
      streamId: null,
      ...overrides,
    };
    return engine.whileBusy(() => engine.session!.complete(request, signal, onText));
  }

  async function complete(
    at: Place,
    overrides: Partial<CompletionRequest> = {},
  ): Promise<CompletedCompletion> {
    const outcome = await ask(at, overrides);
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    return outcome;
  }

  const continued = () => engine.session!.continueText(place, { mode: 'ngram' }, 48, NEVER);

  it('help the next one after an edit elsewhere: the same text in fewer steps', async () => {
    let edits = 0;
    for (const [each, edit] of PLACES.flatMap((at) => EDITS.map((edit) => [at, edit] as const))) {
      if (edits === ENOUGH_EDITS) return;
      await load();
      const { text, timing } = await complete(each, { mode: 'plain' });
      const edited = edit(each);
      await load();
      const plain = await complete(edited, { mode: 'plain' });
      // Elsewhere may well be where the model gets another idea from.
      if (plain.text !== text || timing.steps < LEAST_STEPS) continue;
      await load();
      const alone = await complete(edited);
      // What repeats itself is guessed without help.
      if (alone.timing.tokensPerStep > MOST_ALONE) continue;
      edits += 1;
      await load();
      await complete(each);
      const helped = await complete(edited);
      assert.deepEqual([alone.text, helped.text], [text, text]);
      assert.ok(helped.timing.steps < alone.timing.steps, JSON.stringify([alone, helped]));
    }
    assert.ok(edits > 0, 'no edit leaves the text as it is');
  });

  it('help in every mode that looks n-gram chains up, whichever mode wrote them', async () => {
    const { text, timing } = await complete(place, { mode: 'plain' });
    for (const mode of ['ngram', 'ppd-ngram', 'auto'] as const) {
      const helped = await complete(place, { mode });
      assert.equal(helped.text, text);
      assert.ok(helped.timing.steps <= timing.steps / 2, `${mode}: ${helped.timing.steps}`);
    }
    const tree = { ...DEFAULT_TREE_SETTINGS, promptTokens: 0, ngram: false };
    const off = await complete(place, { mode: 'manual', tree });
    assert.deepEqual([off.text, off.timing.steps], [text, timing.steps]);
  });

  it('count from a cancelled one, too', async () => {
    const alone = await complete(place);
    await load();
    const controller = new AbortController();
    let steps = 0;
    const stop = (): void => {
      steps += 1;
      if (steps === 5) controller.abort();
    };
    assert.equal((await ask(place, {}, controller.signal, stop)).kind, 'cancelled');
    const helped = await complete(place);
    assert.equal(helped.text, alone.text);
    assert.ok(helped.timing.steps < alone.timing.steps, JSON.stringify([alone, helped]));
  });

  it('neither help benchmarks nor come from them', async () => {
    const first = await continued();
    // A step more or less comes from what is learnt of the chances; help would halve them.
    const assertUnhelped = ({ steps }: CompletionTiming): void => {
      assert.ok(steps >= 0.8 * first!.timing.steps, `${steps} of ${first!.timing.steps}`);
    };
    assertUnhelped((await continued())!.timing);
    const alone = await complete(place);
    assert.ok(alone.timing.tokensPerStep <= MOST_ALONE, JSON.stringify(alone.timing));
    const last = await continued();
    assertUnhelped(last!.timing);
    assert.deepEqual(last!.tokens, first!.tokens);
  });
});
