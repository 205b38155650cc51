import assert from 'node:assert/strict';
import { GuessCounts, topShares } from '../../../engine/core/training/guess-counts.ts';
import type { TokenRow } from '../../../engine/core/decode/decoder.ts';
import { accuraciesFault } from '../../../engine/core/tree/accuracies.ts';
import type { BackgroundDecoder } from '../../../engine/prompt-tokens/training/background-decoder.ts';
import { measureGuesses } from '../../../engine/prompt-tokens/training/measure-guesses.ts';
import { TextWindows } from '../../../engine/prompt-tokens/training/text-windows.ts';
import {
  RememberedWindows,
  type TrainingWindow,
} from '../../../engine/prompt-tokens/training/windows.ts';
import { FakeModel } from '../../support/fake-model.ts';
import { FakeTreeDecoder, type Guesser } from '../../support/fake-tree-model.ts';

const FIM = { prefix: 200, suffix: 201, middle: 202 };
const VOCABULARY = {
  tokenize: (text: string) => Int32Array.from(text, (character) => character.charCodeAt(0) % 50),
  fim: FIM,
  beginOfText: 203,
};
const model = new FakeModel(3);

function textWindows(changes: Partial<ConstructorParameters<typeof TextWindows>[0]> = {}) {
  const decoder: Pick<BackgroundDecoder, 'continue'> = {
    continue: (prompt, most, choose, isEnd) => {
      const all = [...prompt];
      for (let index = 0; index < most; index += 1) {
        const token = choose(model.row(all));
        if (isEnd(token)) break;
        all.push(token);
      }
      return Promise.resolve(all.slice(prompt.length));
    },
  };
  return new TextWindows({
    texts: ['let a = 1;\n'.repeat(200), 'def f(x):\n    return x\n'.repeat(90)],
    vocabulary: VOCABULARY,
    decoder,
    pieceOf: () => '',
    isEnd: () => false,
    seed: 1,
    stream: 1,
    windowLength: 160,
    leastTokens: 11,
    selfShare: 1,
    ...changes,
  });
}

async function some(source: TextWindows, count = 24): Promise<readonly TrainingWindow[]> {
  const windows = await Promise.all(Array.from({ length: count }, (_, at) => source.window(at)));
  return windows.map((window) => window!);
}

describe('windows of text', () => {
  it('are a prompt and the model’s own continuation', async () => {
    for (const { tokens, firstInsertion } of await some(textWindows())) {
      const prompt = [...tokens.subarray(0, firstInsertion + 1)];
      const continuation = [...tokens.subarray(firstInsertion + 1)];
      assert.ok(tokens.length <= 160);
      assert.equal(continuation.length, 64);
      assert.deepEqual(prompt.slice(0, 2), [203, FIM.prefix]);
      assert.deepEqual(continuation, model.greedy(prompt, 64));
    }
  });

  it('are prompts with and without text behind the cursor, and full of text before it', async () => {
    const windows = await some(textWindows());
    const behind = windows.map(({ tokens }) => tokens.indexOf(FIM.middle) - tokens.indexOf(FIM.suffix));
    assert.ok(behind.some((length) => length === 1));
    assert.ok(behind.some((length) => length > 10));
    const before = windows.map(
      ({ tokens, firstInsertion }) =>
        tokens.indexOf(FIM.suffix) + firstInsertion - tokens.indexOf(FIM.middle),
    );
    assert.ok(before.filter((length) => length > 40).length > 12, before.join());
  });

  it('are the same again for the same seed, others for another stream', async () => {
    assert.deepEqual(await some(textWindows()), await some(textWindows()));
    assert.notDeepEqual(await some(textWindows({ stream: 2 })), await some(textWindows()));
  });

  it('are text as it is, where the model shall not write', async () => {
    for (const { tokens, firstInsertion } of await some(textWindows({ selfShare: 0 }))) {
      assert.equal(firstInsertion, 0);
      assert.equal(tokens[0], 203);
      assert.ok(tokens.length > 11 && tokens.length <= 160);
    }
  });

  it('are text as it is, where the model has nothing to say', async () => {
    for (const { firstInsertion } of await some(textWindows({ isEnd: () => true }), 3)) {
      assert.equal(firstInsertion, 0);
    }
  });

  it('cannot be made of next to nothing', async () => {
    const source = textWindows({ texts: ['short'], selfShare: 0 });
    await assert.rejects(source.window(0), /too short/);
  });

  it('are null when cancelled, and then not remembered', async () => {
    let cancelled = true;
    const { window } = { window: textWindows() };
    const source = new RememberedWindows({
      window: (index) => (cancelled ? Promise.resolve(null) : window.window(index)),
    });
    assert.equal(await source.window(0), null);
    assert.deepEqual(source.entries, []);
    cancelled = false;
    const first = await source.window(0);
    assert.equal(await source.window(0), first);
    assert.deepEqual(source.entries, [[0, first]]);
  });
});

function row(...ids: readonly number[]): TokenRow {
  return { ids: Int32Array.from(ids), logits: Float32Array.from(ids, (_, rank) => -rank) };
}

describe('counts of guesses', () => {
  it('are by distance and rank', () => {
    const counts = new GuessCounts(2, 3);
    counts.add([row(1, 2, 3), row(4, 5, 6)], [1, 6]);
    counts.add([row(1, 2, 3), row(4, 5, 6)], [2, 9]);
    counts.add([row(1, 2, 3), row(4, 5, 6)], [9, 4]);
    counts.add([row(1, 2, 3), row(4, 5, 6)], [1]);
    assert.equal(counts.positions, 4);
    assert.deepEqual(counts.marginal(), [
      [2 / 4, 1 / 4, 0],
      [1 / 3, 0, 1 / 3],
    ]);
    // Where the first token was not guessed, no tree gets as far as the second.
    assert.deepEqual(counts.conditional(), [
      [2 / 4, 1 / 4, 0],
      [0, 0, 1 / 2],
    ]);
    assert.deepEqual(topShares(counts.marginal(), 2), [3 / 4, 1 / 3]);
    assert.equal(counts.calibration().weights.length, 2);
  });
});

describe('measuring guesses', () => {
  for (const ensemble of [1, 3]) {
    it(`counts every place of a continuation once, E = ${ensemble}`, async () => {
      // Right at distance 1 for even tokens, and at distance 2 for multiples of 3, at rank 1.
      const guesser: Guesser = (context, distance) => {
        const truth = model.greedy(context, distance + 1).at(-1)!;
        const isRight = truth % (distance + 1) === 0;
        return row(50, isRight ? truth : 51);
      };
      const tree = new FakeTreeDecoder(model, guesser, { count: 2, ensemble });
      const prompt = [1, 2, 3, 4];
      const text = [...prompt, ...model.greedy(prompt, 40)];
      const window = { tokens: Int32Array.from(text), firstInsertion: 3 };
      const counts = await measureGuesses(
        {
          usePromptTokens: () => undefined,
          start: (tokens) => {
            tree.truncate(0);
            return tree.append(tokens);
          },
          forward: (layout) => tree.forward(layout),
          keep: (path) => {
            tree.keep(path);
          },
        },
        { count: 2, ensemble, rows: new Float32Array(0) },
        (async function* () {
          yield await Promise.resolve(window);
          yield await Promise.resolve(window);
        })(),
      );
      const share = (from: number, by: number): number => {
        const truths = text.slice(from);
        return truths.filter((each) => each % by === 0).length / truths.length;
      };
      const marginal = counts!.marginal();
      assert.equal(counts!.positions, 2 * (text.length - 5));
      assert.deepEqual(marginal[0]!.slice(0, 3), [0, share(5, 2), 0]);
      assert.deepEqual(marginal[1]!.slice(0, 3), [0, share(6, 3), 0]);
      assert.equal(accuraciesFault(counts!.conditional()), null);
      assert.ok(tree.forwards < 40);
    });
  }

  it('is null when cancelled', async () => {
    const counts = await measureGuesses(
      {
        usePromptTokens: () => undefined,
        start: () => Promise.resolve(null),
        forward: () => Promise.resolve(null),
        keep: () => undefined,
      },
      { count: 2, ensemble: 1, rows: new Float32Array(0) },
      (async function* () {
        yield await Promise.resolve({ tokens: Int32Array.of(1, 2, 3, 4), firstInsertion: 0 });
      })(),
    );
    assert.equal(counts, null);
  });
});
