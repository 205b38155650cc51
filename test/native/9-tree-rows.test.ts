import assert from 'node:assert/strict';
import { type TokenRow } from '../../engine/core/decode/decoder.ts';
import {
  pathTo,
  rootTree,
  tokenTree,
  type TokenTree,
} from '../../engine/core/tree/candidate-tree.ts';
import { layoutTree } from '../../engine/core/tree/layout-tree.ts';
import type { NativeContext, NativeModel, TreeBatch } from '../../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../../engine/native/native-tree-decoder.ts';
import { PassThread } from '../../engine/native/pass-thread.ts';
import { decodeRows, loadModel, scratchFile, trainedModelPath } from './support/native.ts';
import { seededRandom } from './support/random.ts';
import { tinyLlama, toGguf } from './support/tiny-models.ts';
import {
  BATCH_SHAPE_TOLERANCE,
  CELL_ORDER_NOISE,
  CELL_ORDER_TOLERANCE,
  MOST_TIPPED_SHARE,
  CONTEXT,
  TEXT,
  below,
  randomTree,
  rowDifference,
  assertSameRow,
  chain,
} from './support/trees.ts';

const models: readonly (readonly [string, () => string])[] = [
  ['a tiny F32 model', () => scratchFile('tree.gguf', toGguf(tinyLlama()))],
  ['the trained model', trainedModelPath],
];

/** By its clock every pass takes a second: none runs on the thread that would cancel it. */
class OnWorker extends NativeTreeDecoder {
  #seconds = 0;
  protected override readonly thread = new PassThread(() => 1000 * this.#seconds++);
}

for (const [name, path] of models) {
  describe(`trees with ${name}`, function () {
    this.timeout(120_000);
    let model: NativeModel;
    let vocabulary: number;
    let context: NativeContext;
    let decoder: NativeTreeDecoder;
    let prompt: readonly number[];

    before(async function () {
      const file = path();
      model = await loadModel(file);
      vocabulary = model.info.vocabularySize;
      prompt = [...model.tokenize(TEXT)];
    });
    after(() => model.dispose());
    beforeEach(async () => {
      context = await model.createContext(CONTEXT);
      decoder = new NativeTreeDecoder(context);
    });
    afterEach(() => context.dispose());

    const never = () => false;
    const forward = async (tree: TokenTree, shapes: readonly number[] = []) => {
      const rows = await decoder.forward(layoutTree(tree, { ensemble: 1, shapes }));
      assert.ok(rows !== null);
      return rows;
    };
    const keeps = async (tree: TokenTree, node: number) => {
      await forward(tree);
      decoder.keep(pathTo(tree, node));
    };

    it('each node sees its own path alone', async () => {
      const random = seededRandom(5);
      const differences: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        decoder.truncate(0);
        await decoder.prefill(prompt, never);
        const tree = randomTree(random, prompt[0]!, { size: 16, vocabulary, prompts: 0 });
        const { nodes } = await forward(tree);
        for (let node = 0; node < tree.size; node += 1) {
          const tokens = pathTo(tree, node).map((each) => tree.tokens[each]!);
          // In one batch of the same number of rows, padded by a chain that nothing attends to.
          const line = await forward(chain(tokens), [16]);
          assertSameRow(nodes[node]!, line.nodes.at(-1)!, CELL_ORDER_TOLERANCE);
          differences.push(rowDifference(nodes[node]!, line.nodes.at(-1)!));
          // Token by token, by the kernels of plain decoding.
          decoder.truncate(prompt.length);
          let last: TokenRow | null = null;
          for (const token of tokens) last = await decoder.append([token]);
          assertSameRow(nodes[node]!, last!, BATCH_SHAPE_TOLERANCE);
          decoder.truncate(prompt.length);
        }
      }
      const tipped = differences.filter((each) => each > CELL_ORDER_NOISE).length;
      assert.ok(tipped / differences.length <= MOST_TIPPED_SHARE, `${tipped} rows`);
    });

    it('padding changes nothing', async () => {
      await decoder.prefill(prompt, never);
      const tree = randomTree(seededRandom(6), 1, { size: 7, vocabulary, prompts: 0 });
      const bare = await forward(tree);
      const padded = await forward(tree, [12]);
      for (const [node, row] of bare.nodes.entries()) {
        assertSameRow(padded.nodes[node]!, row, CELL_ORDER_TOLERANCE);
      }
    });

    it('behind a stem a tree is what it is behind the text that holds it', async () => {
      const rows = await model.tokenEmbeddings(Int32Array.of(30, 31));
      decoder = new NativeTreeDecoder(context, { count: 2, ensemble: 1, rows });
      const stem = [7, 11, 13];
      for (const prompts of [0, 2]) {
        const tree = randomTree(seededRandom(9), 5, { size: 6, vocabulary, prompts });
        decoder.truncate(0);
        await decoder.prefill([...prompt, ...stem], never);
        const expected = await forward(tree);
        decoder.truncate(prompt.length);
        const behind = await decoder.forward(layoutTree(tree, { ensemble: 1, stem }));
        assert.ok(behind !== null);
        assert.equal(behind.nodes.length, tree.size);
        for (let node = 0; node < tree.size; node += 1) {
          assertSameRow(behind.nodes[node]!, expected.nodes[node]!, BATCH_SHAPE_TOLERANCE);
          assert.equal(behind.guesses[node]!.length, tree.prompts[node]);
          for (const [index, guess] of behind.guesses[node]!.entries()) {
            assertSameRow(guess, expected.guesses[node]![index]!, BATCH_SHAPE_TOLERANCE);
          }
        }
        decoder.keep([
          0,
          1,
          2,
          3,
          ...pathTo(tree, tree.size - 1)
            .slice(1)
            .map((node) => 3 + node),
        ]);
        assert.equal(context.sequenceLength(0), decoder.length);
        const after = await decoder.append([17]);
        const text = [
          ...prompt,
          ...stem,
          ...pathTo(tree, tree.size - 1).map((n) => tree.tokens[n]!),
        ];
        decoder.truncate(0);
        const fresh = await decoder.prefill([...text, 17], never);
        assertSameRow(after!, fresh!.row, BATCH_SHAPE_TOLERANCE);
      }
    });

    it('an ordinary token as a prompt embedding is that token, bit for bit', async () => {
      const ids = Int32Array.of(3, 17, 200, 42);
      context.setPromptEmbeddings(await model.tokenEmbeddings(ids));
      await decoder.prefill(prompt, never);
      const plain: TreeBatch = {
        tokens: Int32Array.of(9, 3, 17, 200, 42),
        slots: Int32Array.of(-1, -1, -1, -1, -1),
        offsets: Int32Array.of(0, 1, 2, 1, 2),
        sequenceCounts: Int32Array.of(2, 1, 1, 1, 1),
        sequences: Int32Array.of(0, 1, 0, 0, 1, 1),
        outputs: Int32Array.of(0, 1, 2, 3, 4),
        topK: 50,
      };
      const expected = await context.decodeTree(plain);
      assert.ok(expected.kind === 'done');
      const logits = [0, 1, 2, 3, 4].map((row) => context.debugLogits(row));
      for (const kept of [0b0000, 0b1010, 0b0111, 0b1111]) {
        const isSlot = (row: number) => row > 0 && (kept & (1 << (row - 1))) === 0;
        const batch = {
          ...plain,
          tokens: plain.tokens.map((token, row) => (isSlot(row) ? -1 : token)),
          slots: plain.slots.map((_, row) => (isSlot(row) ? row - 1 : -1)),
          embedded: true,
        };
        const actual = await context.decodeTree(batch);
        assert.ok(actual.kind === 'done');
        assert.deepEqual(actual.ids, expected.ids);
        for (const [row, values] of logits.entries()) {
          assert.deepEqual(context.debugLogits(row), values);
        }
      }
    });

    it('prompt tokens see the path to their node and the nearer ones', async () => {
      const rows = await model.tokenEmbeddings(Int32Array.of(30, 31));
      decoder = new NativeTreeDecoder(context, { count: 2, ensemble: 1, rows });
      await decoder.prefill(prompt, never);
      const tree = randomTree(seededRandom(8), 5, { size: 6, vocabulary, prompts: 2 });
      const { nodes, guesses } = await forward(tree);
      assert.deepEqual(
        guesses.map((each) => each.length),
        [...tree.prompts],
      );
      for (let node = 0; node < tree.size; node += 1) {
        const tokens = pathTo(tree, node).map((each) => tree.tokens[each]!);
        const { length } = tokens;
        const line = await forward(chain([...tokens, 30, 31]), [16]);
        assertSameRow(nodes[node]!, line.nodes[length - 1]!, BATCH_SHAPE_TOLERANCE);
        for (const [index, guess] of guesses[node]!.entries()) {
          assertSameRow(guess, line.nodes[length + index]!, BATCH_SHAPE_TOLERANCE);
        }
      }
    });

    it('the rows of an ensemble are averaged', async () => {
      const rows = await model.tokenEmbeddings(Int32Array.of(30, 31));
      decoder = new NativeTreeDecoder(context, { count: 1, ensemble: 2, rows });
      await decoder.prefill(prompt, never);
      const layout = layoutTree(rootTree(5, 1), { ensemble: 2 });
      const found = await decoder.forward(layout);
      const [first, second] = [context.debugLogits(1), context.debugLogits(2)];
      const mean = first.map((value, id) => (value + second[id]!) / 2);
      const guess = found!.guesses[0]![0]!;
      for (const [rank, id] of guess.ids.entries()) assert.equal(guess.logits[rank], mean[id]);
      assert.equal(guess.logits[0], Math.max(...mean));
    });

    it('what is kept goes on like a fresh prefill', async () => {
      const random = seededRandom(11);
      await decoder.prefill(prompt, never);
      const text = [...prompt];
      for (let round = 0; round < 12; round += 1) {
        const size = 1 + below(random, 20);
        const root = below(random, vocabulary);
        const tree = randomTree(random, root, { size, vocabulary, prompts: 0 });
        const node = below(random, size);
        await keeps(tree, node);
        text.push(...pathTo(tree, node).map((each) => tree.tokens[each]!));
        if (round % 4 === 1) {
          // Backspace: the mirrors of the tree have to forget it too.
          text.length -= 2;
          decoder.truncate(text.length);
        }
        if (round % 4 === 2) {
          text.push(7);
          await decoder.append([7]);
        }
        assert.equal(decoder.length, text.length);
        assert.equal(context.sequenceLength(0), text.length);
      }
      const own = await decoder.append([9]);
      const other = await model.createContext(CONTEXT);
      const fresh = new NativeTreeDecoder(other);
      await fresh.prefill(text, never);
      assertSameRow(own!, (await fresh.append([9]))!, BATCH_SHAPE_TOLERANCE);
      await other.dispose();
    });

    it('a tree that is not kept leaves no trace', async () => {
      await decoder.prefill(prompt, never);
      const expected = await decoder.append([9]);
      for (let round = 0; round < 3; round += 1) {
        decoder.truncate(prompt.length);
        await forward(randomTree(seededRandom(round), 4, { size: 9, vocabulary, prompts: 0 }));
        assert.equal(context.sequenceLength(0), prompt.length);
        assert.deepEqual((await decoder.append([9]))!.logits, expected!.logits);
      }
    });

    it('255 sequences, one row each', async () => {
      await decoder.prefill(prompt, never);
      const children = Array.from({ length: 255 }, (_, label) => ({
        parent: 0,
        label,
        prompts: 0,
      }));
      const tree = tokenTree([{ parent: -1, label: 9, prompts: 0 }, ...children]);
      const { nodes } = await forward(tree);
      decoder.keep([0, 255]);
      decoder.truncate(prompt.length);
      await decoder.append([9]);
      assertSameRow(nodes[255]!, (await decoder.append([254]))!, BATCH_SHAPE_TOLERANCE);
      // The next such tree has only the last tokens to copy.
      decoder.truncate(prompt.length);
      const started = performance.now();
      for (let round = 0; round < 5; round += 1) await keeps(tree, 1 + round);
      console.log(`      ${((performance.now() - started) / 5).toFixed(1)} ms a step`);
    });

    it('fills the context to the last cell and not further', async () => {
      const long = Array.from({ length: 500 }, (_, index) => prompt[index % prompt.length]!);
      await decoder.prefill(long, never);
      const tree = (size: number) =>
        randomTree(seededRandom(size), 4, { size, vocabulary, prompts: 0 });
      await assert.rejects(forward(tree(13)), { code: 'context-full' });
      for (let round = 0; round < 3; round += 1) await forward(tree(12));
      await keeps(tree(12), 11);
      const kept = pathTo(tree(12), 11).length;
      assert.equal(decoder.length, 500 + kept);
      await keeps(tree(12 - kept), 0);
      // Cells of rows that were not kept are free again.
      while (decoder.length < 512) await decoder.append([5]);
      await assert.rejects(decoder.append([5]), { code: 'context-full' });
    });

    it('cancelled in mid-tree leaves the cache as it was', async () => {
      decoder = new OnWorker(context);
      const long = Array.from({ length: 200 }, (_, index) => prompt[index % prompt.length]!);
      await decoder.prefill(long, never);
      const expected = await decoder.append([9]);
      const tree = randomTree(seededRandom(2), 4, { size: 200, vocabulary, prompts: 0 });
      const layout = layoutTree(tree, { ensemble: 1 });
      let cancelled = 0;
      for (const delayMs of [0, 0, 1, 2, 5, 10]) {
        decoder.truncate(200);
        const pass = decoder.forward(layout);
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        context.cancel();
        if ((await pass) === null) {
          cancelled += 1;
          assert.throws(() => {
            decoder.keep([0]);
          });
        }
        assert.equal(decoder.length, 200);
        assert.equal(context.sequenceLength(0), 200);
        assert.deepEqual((await decoder.append([9]))!.logits, expected!.logits);
      }
      assert.ok(cancelled > 0);
      // And trees work as before.
      decoder.truncate(200);
      await keeps(tree, 199);
    });

    it('works beside sequences of somebody else', async () => {
      await decodeRows(context, [1, 2, 3], { sequence: 1 });
      await decoder.prefill(prompt, never);
      const tree = tokenTree([
        { parent: -1, label: 4, prompts: 0 },
        { parent: 0, label: 5, prompts: 0 },
        { parent: 0, label: 6, prompts: 0 },
      ]);
      const expected = await forward(tree);
      context.removeTokens(1, 3, -1);
      await decodeRows(context, [1, 2], { sequence: 1 });
      const again = await forward(tree);
      for (const [node, row] of expected.nodes.entries()) {
        assertSameRow(again.nodes[node]!, row, CELL_ORDER_TOLERANCE);
      }
      context.keepSequence(0);
      assert.equal(context.sequenceLength(1), 0);
      await keeps(tree, 2);
      assert.equal(decoder.length, prompt.length + 2);
    });
  });
}
