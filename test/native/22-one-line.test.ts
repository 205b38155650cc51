import assert from 'node:assert/strict';
import type { TreeLayout } from '../../engine/core/tree/layout-tree.ts';
import { pieceOf } from '../../engine/native/vocabulary.ts';
import type { CompletionRequest, DecodingModeSetting } from '../../engine/protocol.ts';
import { Session } from '../../engine/session.ts';
import { openShippedModel, type ShippedModel } from './support/shipped-model.ts';

/** Lines to repeat, up to the cursor in the last: the model goes on with more of some of them. */
const LINES = [
  'console.log(|name, value, index);',
  'items.push(|first, second, third);',
  'this.count |+= 1;',
  'if (value === null) |return first + second;',
  '<li>|item</li>',
  'x = f(|x)',
];
const NEVER = new AbortController().signal;

describe('where one line is wanted', function () {
  this.timeout(60_000);
  let shipped: ShippedModel;
  let session: Session;
  const passes: TreeLayout[] = [];
  let prefix = '';

  before(async () => {
    shipped = await openShippedModel();
    const { decoder } = shipped;
    const forward = decoder.forward.bind(decoder);
    decoder.forward = (layout) => {
      passes.push(layout);
      return forward(layout);
    };
    session = new Session({ ...shipped, name: 'shipped', onLog: () => undefined });
    for (const line of LINES) {
      prefix = `${line.replace('|', '')}\n`.repeat(6) + line.slice(0, line.indexOf('|'));
      const text = await complete('ngram', true);
      if (text.includes('\n') && breaks() > 0) return;
    }
    assert.fail('nowhere is a line break guessed');
  });
  after(() => shipped.dispose());

  async function complete(mode: DecodingModeSetting, multiline: boolean): Promise<string> {
    const request: CompletionRequest = {
      document: { path: 'a.ts', languageId: 'typescript', prefix, suffix: '' },
      mode,
      maxTokens: 48,
      deadlineMs: null,
      multiline,
      streamId: null,
    };
    passes.length = 0;
    const outcome = await session.complete(request, NEVER);
    assert.ok(outcome.kind === 'completed');
    return outcome.text;
  }

  /** Candidates, of all passes, that break the line or stand behind one that does. */
  const breaks = () =>
    passes
      .flatMap(({ tokens, stem, nodes }) => [...tokens.subarray(stem + 1, nodes)])
      .filter((token) => token >= 0 && pieceOf(shipped.model, token).includes('\n')).length;

  for (const mode of ['ngram', 'ppd-static', 'ppd-ngram', 'draft'] as const) {
    it(`no guess goes past its end, and the text is plain decoding's: ${mode}`, async () => {
      const text = await complete('plain', false);
      assert.equal(await complete(mode, false), text);
      assert.ok(passes.length > 0, 'nothing was guessed');
      assert.equal(breaks(), 0);
      const lines = await complete('plain', true);
      assert.equal(await complete(mode, true), lines);
      if (mode === 'ngram') assert.ok(breaks() > 0, 'nothing of the kind where lines are wanted');
    });
  }
});
