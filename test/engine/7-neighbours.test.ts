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

  /** What the engine wrote before would help, too: loading the model again forgets it. */
  async function completeAfresh(waitMs: number, contextLength = 4096): Promise<Completed> {
    await engine.ready({ contextLength });
    // Texts of open files are read while nothing else is done.
    await setTimeout(waitMs);
    return complete();
  }

  /** Completions until one comes with few steps. */
  async function completeInSteps(most: number, contextLength?: number): Promise<Completed> {
    for (let waitMs = 20; waitMs < 2000; waitMs *= 1.5) {
      const completion = await completeAfresh(waitMs, contextLength);
      if (completion.timing.steps <= most) return completion;
    }
    throw new Error(`No completion in ${most} steps.`);
  }

  it('give n-gram chains: the same text in fewer steps, by another model too', async () => {
    const alone = await completeAfresh(0);
    const { steps } = alone.timing;
    assert.ok(steps > 4 && alone.timing.tokensPerStep < 1.5, JSON.stringify(alone.timing));
    const other = document.replace('|', `${alone.text}\n}\n`);
    engine.client.setNeighbourTexts([
      neighbour('unlike.ts', 'export const unlike = 1;\n'),
      neighbour('other.ts', other),
    ]);
    const helped = await completeInSteps(0.7 * steps);
    assert.equal(helped.text, alone.text);
    assert.ok(helped.timing.tokensPerStep > 1.4 * alone.timing.tokensPerStep);

    assert.equal((await completeInSteps(0.7 * steps, 512)).text, alone.text);
    await engine.client.restart();
    assert.equal((await completeInSteps(0.7 * steps)).text, alone.text);
  });

  it('are forgotten when others replace them', async () => {
    await engine.ready();
    await setTimeout(300);
    engine.client.setNeighbourTexts([]);
    const { timing } = await complete();
    assert.ok(timing.tokensPerStep < 1.5, JSON.stringify(timing));
  });
});
