import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { NeighbourText } from '../../engine/protocol.ts';
import { PLAIN_PLACES } from '../support/plain-places.ts';
import { completed, TestEngine, type Completed } from './support.ts';

const OPTIONS = { mode: 'ngram', strict: true, maxTokens: 48 } as const;

describe('engine: texts of open files', () => {
  const engine = new TestEngine();
  /** Where the model writes most without repeating anything. */
  let document = '';
  before(async () => {
    await engine.ready();
    let most = 0;
    for (const place of PLAIN_PLACES) {
      const { timing } = completed(await engine.complete(place, OPTIONS));
      if (timing.tokensPerStep > 1.2 || timing.steps <= most) continue;
      most = timing.steps;
      document = place;
    }
  });
  after(() => engine.client.dispose());

  const complete = async (): Promise<Completed> =>
    completed(await engine.complete(document, OPTIONS));
  const neighbour = (path: string, text: string): NeighbourText => {
    return { path, languageId: 'typescript', text };
  };

  /** They are read while nothing else is done: completions until one comes with few steps. */
  async function completeInSteps(most: number): Promise<Completed> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const completion = await complete();
      if (completion.timing.steps <= most) return completion;
      await setTimeout(20);
    }
    throw new Error(`No completion in ${most} steps.`);
  }

  it('give n-gram chains: the same text in fewer steps, by another model too', async () => {
    const alone = await complete();
    const { steps } = alone.timing;
    assert.ok(steps > 4 && alone.timing.tokensPerStep < 1.5, JSON.stringify(alone.timing));
    const other = document.replace('|', `${alone.text}\n}\n`);
    engine.client.setNeighbourTexts([
      neighbour('unlike.ts', 'export const unlike = 1;\n'),
      neighbour('other.ts', other),
    ]);
    const helped = await completeInSteps(steps / 2);
    assert.equal(helped.text, alone.text);
    assert.ok(helped.timing.tokensPerStep > 1.5 * alone.timing.tokensPerStep);

    await engine.ready({ contextLength: 512 });
    assert.equal((await completeInSteps(steps / 2)).text, alone.text);
    await engine.client.restart();
    assert.equal((await completeInSteps(steps / 2)).text, alone.text);
  });

  it('are forgotten when others replace them', async () => {
    engine.client.setNeighbourTexts([]);
    const { timing } = await complete();
    assert.ok(timing.tokensPerStep < 1.5, JSON.stringify(timing));
  });
});
