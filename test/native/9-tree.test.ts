import assert from 'node:assert/strict';
import { argmax, topMargin, type TokenRow } from '../../engine/core/decode/decoder.ts';
import { PlainStrategy } from '../../engine/core/decode/plain.ts';
import type { DecodingStrategy } from '../../engine/core/decode/strategy.ts';
import { TreeStrategy } from '../../engine/core/decode/tree-strategy.ts';
import {
  pathTo,
  rootTree,
  tokenTree,
  type TokenTree,
  type TreeNode,
} from '../../engine/core/tree/candidate-tree.ts';
import { layoutTree } from '../../engine/core/tree/layout-tree.ts';
import { mergeChains } from '../../engine/core/tree/merge-chains.ts';
import { NgramIndex } from '../../engine/core/tree/ngram-index.ts';
import type { TreePolicy } from '../../engine/core/tree/tree-policy.ts';
import type {
  ContextOptions,
  NativeContext,
  NativeModel,
  TreeBatch,
} from '../../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../../engine/native/native-tree-decoder.ts';
import {
  decodeRows,
  failure,
  loadModel,
  scratchFile,
  SMALL_CONTEXT,
  trainedModelPath,
} from './support/native.ts';
import { seededRandom } from './support/random.ts';
import { tinyLlama, tinyMamba, toGguf } from './support/tiny-models.ts';

/** One row and several go through different kernels, see 4-decode.test.ts: up to 0.15 on Q8_0. */
const BATCH_SHAPE_TOLERANCE = 0.15;

/** The same kernels, the cache's cells in another order: nearly always below this. */
const CELL_ORDER_NOISE = 0.007;

/**
 * Quantised weights round activations too: where that noise tips one over, the difference is as of
 * another batch shape. Seen in 1 of 148 rows, 0.055; a wrong mask is off by several logits.
 */
const CELL_ORDER_TOLERANCE = BATCH_SHAPE_TOLERANCE;
const MOST_TIPPED_SHARE = 0.05;

const CONTEXT: ContextOptions = { ...SMALL_CONTEXT, sequences: 255, batchSize: 256 };

const TEXT = 'def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(';

type Random = () => number;

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A tree whose siblings differ. */
function randomTree(
  random: Random,
  root: number,
  { size, vocabulary, prompts }: { size: number; vocabulary: number; prompts: number },
): TokenTree {
  const nodes: TreeNode[] = [{ parent: -1, label: root, prompts: below(random, prompts + 1) }];
  const used = new Set<string>();
  while (nodes.length < size) {
    const parent = below(random, nodes.length);
    const label = below(random, vocabulary);
    if (used.has(`${parent},${label}`)) continue;
    used.add(`${parent},${label}`);
    nodes.push({ parent, label, prompts: below(random, prompts + 1) });
  }
  return tokenTree(nodes);
}

/** Largest difference between two rows at the ids that both list. */
function rowDifference(left: TokenRow, right: TokenRow): number {
  let largest = 0;
  for (const [index, id] of left.ids.entries()) {
    const other = right.ids.indexOf(id);
    if (other >= 0)
      largest = Math.max(largest, Math.abs(left.logits[index]! - right.logits[other]!));
  }
  return largest;
}

function assertSameRow(actual: TokenRow, expected: TokenRow, tolerance: number): void {
  assert.ok(rowDifference(actual, expected) <= tolerance);
  if (topMargin(expected) > tolerance) assert.equal(argmax(actual), argmax(expected));
}

/** A chain of tokens as a layout of one batch: the path, linear. */
function chain(tokens: readonly number[]): TokenTree {
  return tokenTree(tokens.map((label, index) => ({ parent: index - 1, label, prompts: 0 })));
}

const models: readonly (readonly [string, () => string])[] = [
  ['a tiny F32 model', () => scratchFile('tree.gguf', toGguf(tinyLlama()))],
  ['the trained model', trainedModelPath],
];

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
      for (const kept of [0b0000, 0b1010, 0b0111]) {
        const isSlot = (row: number) => row > 0 && (kept & (1 << (row - 1))) === 0;
        const batch = {
          ...plain,
          tokens: plain.tokens.map((token, row) => (isSlot(row) ? -1 : token)),
          slots: plain.slots.map((_, row) => (isSlot(row) ? row - 1 : -1)),
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

describe('greedy decoding through trees', function () {
  this.timeout(240_000);
  const TOKENS = 24;
  let model: NativeModel;
  let context: NativeContext;
  let decoder: NativeTreeDecoder;

  before(async () => {
    model = await loadModel(trainedModelPath());
    context = await model.createContext(CONTEXT);
    decoder = new NativeTreeDecoder(context);
  });
  after(() => model.dispose());

  const names = ['total', 'items', 'path', 'index', 'user', 'result', 'name', 'buffer'];
  const shapes: readonly ((name: string) => string)[] = [
    (name) => `def get_${name}(self):\n    return self.${name}\n\ndef set_${name}(self, `,
    (name) => `const ${name} = new Map();\n${name}.set('a', 1);\n${name}.set('b', 2);\n${name}.`,
    (name) => `for (int ${name} = 0; ${name} < n; ${name}++) {\n    sum += ${name};\n}\nfor (int `,
    (name) => `class ${name}:\n    def __init__(self, value):\n        self.value = value\n\n    `,
    (name) => `import ${name}\n\nprint(${name}.read(1))\nprint(${name}.read(2))\nprint(`,
    (name) => `func ${name}(a int, b int) int {\n\tif a > b {\n\t\treturn a\n\t}\n\t`,
    (name) => `// The ${name} of all entries.\nlet ${name} = entries.map((each) => each.${name}`,
    (name) => `{\n  "${name}": [1, 2, 3],\n  "${name}s": [1, 2, 3],\n  "`,
  ];
  const prompts = shapes.flatMap((shape) => names.map(shape));

  interface Continuation {
    readonly tokens: readonly number[];
    readonly margins: readonly number[];
    readonly steps: number;
  }

  async function continued(
    text: string,
    make: (row: TokenRow, prompt: readonly number[]) => DecodingStrategy,
  ): Promise<Continuation> {
    decoder.truncate(0);
    const prompt = [...model.tokenize(text)];
    const prefilled = await decoder.prefill(prompt, () => false);
    const strategy = make(prefilled!.row, prompt);
    const tokens: number[] = [];
    const margins: number[] = [];
    let steps = 0;
    for (; tokens.length < TOKENS; steps += 1) {
      const step = await strategy.step();
      assert.ok(step.kind === 'accepted');
      tokens.push(...step.tokens);
      margins.push(...step.margins);
    }
    return { tokens: tokens.slice(0, TOKENS), margins, steps };
  }

  /** Prompt lookup: up to three tokens of each of two chains. */
  function lookup(prompt: readonly number[]): TreePolicy {
    const index = new NgramIndex(prompt);
    return {
      plan: ({ root }) =>
        mergeChains(
          rootTree(root),
          index.propose({ length: 3, count: 2 }).map((chain) => chain.tokens),
        ),
      observe: (tokens) => {
        index.push(tokens);
      },
    };
  }

  /** Ten nodes of tokens that came up before, most of them wrong. */
  function scatter(prompt: readonly number[]): TreePolicy {
    const random = seededRandom(prompt.length);
    const seen = [...prompt];
    return {
      plan: ({ root }) => {
        const nodes: TreeNode[] = [{ parent: -1, label: root, prompts: 0 }];
        const used = new Set<string>();
        for (let round = 0; round < 10; round += 1) {
          const parent = below(random, nodes.length);
          const label = seen[below(random, seen.length)]!;
          if (used.has(`${parent},${label}`)) continue;
          used.add(`${parent},${label}`);
          nodes.push({ parent, label, prompts: 0 });
        }
        return tokenTree(nodes);
      },
      observe: (tokens) => void seen.push(...tokens),
    };
  }

  for (const [name, policyFor] of Object.entries({ lookup, scatter })) {
    it(`${name}: the text of plain decoding, near ties excepted`, async () => {
      let steps = 0;
      let ties = 0;
      for (const text of prompts) {
        const plain = await continued(text, (row) => new PlainStrategy(decoder, row, argmax));
        const tree = await continued(
          text,
          (prefilled, prompt) =>
            new TreeStrategy({
              decoder,
              prefilled,
              policy: policyFor(prompt),
              choose: argmax,
              isEnd: () => false,
              maxLength: 16,
            }),
        );
        steps += tree.steps;
        const parting = plain.tokens.findIndex((token, index) => token !== tree.tokens[index]);
        if (parting < 0) continue;
        ties += 1;
        // A tie: both of the two best are within the noise of the batch's shape.
        assert.ok(plain.margins[parting]! <= BATCH_SHAPE_TOLERANCE, `${text} at ${parting}`);
      }
      assert.ok(ties <= prompts.length / 10, `${ties} ties`);
      const perStep = (prompts.length * TOKENS) / steps;
      console.log(`      ${perStep.toFixed(2)} tokens a step, ${ties} of ${prompts.length} tied`);
      assert.ok(perStep > 1);
    });
  }
});

describe('arguments of trees', () => {
  let model: NativeModel;
  let context: NativeContext;

  before(async () => {
    model = await loadModel(scratchFile('tree-arguments.gguf', toGguf(tinyLlama())));
    context = await model.createContext({ ...SMALL_CONTEXT, outputRows: 3 });
    context.setPromptEmbeddings(new Float32Array(2 * model.info.embeddingLength));
  });
  after(() => model.dispose());

  // The root, two children, and a prompt token below the second.
  const batch = {
    tokens: Int32Array.of(1, 2, 3, -1),
    slots: Int32Array.of(-1, -1, -1, 0),
    offsets: Int32Array.of(0, 1, 1, 2),
    sequenceCounts: Int32Array.of(2, 1, 1, 1),
    sequences: Int32Array.of(0, 1, 0, 1, 1),
    outputs: Int32Array.of(0, 1, 2),
    outputCounts: undefined as unknown,
    topK: 5 as unknown,
  };
  type Batch = Partial<Record<keyof typeof batch, unknown>>;
  const ints = (...values: readonly number[]) => Int32Array.from(values);

  const refused: readonly (readonly [what: string, change: Batch])[] = [
    ['no rows', { tokens: ints(), slots: ints(), offsets: ints(), sequenceCounts: ints() }],
    ['a plain array', { tokens: [1, 2, 3, -1] }],
    ['arrays of two lengths', { slots: ints(-1, -1, -1) }],
    ['a token outside the vocabulary', { tokens: ints(1, 2, 9999, -1) }],
    ['neither token nor slot', { slots: ints(-1, -1, -1, -1) }],
    ['both token and slot', { tokens: ints(1, 2, 3, 4) }],
    ['an unknown slot', { slots: ints(-1, -1, -1, 2) }],
    ['a gap in a sequence', { offsets: ints(0, 1, 1, 3) }],
    ['a second root', { offsets: ints(0, 1, 0, 1) }],
    ['an offset below zero', { offsets: ints(0, 1, 1, -1) }],
    ['a root at another offset', { offsets: ints(1, 2, 2, 3) }],
    ['a child before its parent', { offsets: ints(0, 2, 1, 2) }],
    ['a row in no sequence', { sequenceCounts: ints(2, 1, 0, 2) }],
    ['too few sequences', { sequences: ints(0, 1, 0, 1) }],
    ['too many sequences', { sequences: ints(0, 1, 0, 1, 1, 1) }],
    ['a negative count', { sequenceCounts: ints(2, -1, 3, 1) }],
    ['a huge count', { sequenceCounts: ints(2, 2 ** 31 - 1, 1, 1) }],
    ['a sequence twice in a row', { sequences: ints(0, 0, 0, 1, 1) }],
    ['a sequence that the root is not in', { sequences: ints(0, 1, 0, 1, 2) }],
    ['a sequence over the limit', { sequences: ints(0, 8, 0, 8, 8) }],
    ['a sequence below zero', { sequences: ints(0, -1, 0, 1, 1) }],
    ['an output outside', { outputs: ints(4) }],
    ['an output below zero', { outputs: ints(-1) }],
    ['more outputs than rows', { outputs: ints(0, 1, 2, 3) }],
    ['counts that do not add up', { outputCounts: ints(1, 1) }],
    ['a count of zero', { outputCounts: ints(0, 3) }],
    ['counts as numbers', { outputCounts: 3 }],
    ['topK of zero', { topK: 0 }],
    ['topK over the limit', { topK: 257 }],
    ['a flag that is none', { normalise: 1 } as Batch],
  ];
  for (const [what, change] of refused) {
    it(`decodeTree refuses ${what}`, async () => {
      const changed = { ...batch, ...change } as TreeBatch;
      assert.equal(await failure(() => context.decodeTree(changed)), 'invalid-argument');
      assert.equal(context.sequenceLength(0), 0);
    });
  }

  it('decodeTree takes what keeps the rules', async () => {
    assert.equal((await context.decodeTree(batch as TreeBatch)).kind, 'done');
    const joined = { ...batch, outputCounts: ints(1, 2) } as TreeBatch;
    const result = await context.decodeTree(joined);
    assert.ok(result.kind === 'done' && result.rows === 2);
    const none = await context.decodeTree({ ...batch, outputs: ints() } as TreeBatch);
    assert.ok(none.kind === 'done' && none.rows === 0);
  });

  it('decodeTree refuses more rows than a batch holds', async () => {
    const rows = Array.from({ length: 65 }, (_, index) => index);
    const long = {
      tokens: Int32Array.from(rows, () => 1),
      slots: Int32Array.from(rows, () => -1),
      offsets: Int32Array.from(rows),
      sequenceCounts: Int32Array.from(rows, () => 1),
      sequences: Int32Array.from(rows, () => 0),
      outputs: ints(64),
      topK: 1,
    };
    assert.equal(await failure(() => context.decodeTree(long)), 'invalid-argument');
  });

  it('keepPath wants a path of a tree', async () => {
    const keepPath = context.keepPath.bind(context) as (path: unknown) => void;
    const keep = (path: unknown) =>
      failure(() => {
        keepPath(path);
      });
    context.removeTokens(0, 0, -1);
    assert.equal(await keep(ints(0)), 'invalid-argument');
    for (const path of [
      [0],
      ints(),
      ints(1),
      ints(0, 0),
      ints(0, 1, 3),
      ints(0, 2, 3),
      ints(0, 9),
    ]) {
      await context.decodeTree(batch as TreeBatch);
      assert.equal(await keep(path), 'invalid-argument', String(path));
      assert.equal(context.sequenceLength(0), 0);
    }
    assert.equal(await keep(ints(0, 2)), 'none');
    assert.equal(context.sequenceLength(0), 2);
    assert.equal(await keep(ints(0)), 'invalid-argument');
  });

  it('setPromptEmbeddings wants whole rows', async () => {
    const set = context.setPromptEmbeddings.bind(context) as (rows: unknown) => void;
    for (const rows of [undefined, [1], new Float32Array(33), new Float64Array(32)]) {
      assert.equal(
        await failure(() => {
          set(rows);
        }),
        'invalid-argument',
      );
    }
    set(new Float32Array(0));
    assert.equal(await failure(() => context.decodeTree(batch as TreeBatch)), 'invalid-argument');
  });

  it('models that cannot go back, or take no embeddings, say so', async () => {
    const mamba = await loadModel(scratchFile('tree-mamba.gguf', toGguf(tinyMamba())));
    const recurrent = await mamba.createContext({ ...SMALL_CONTEXT, sequences: 2 });
    assert.equal(recurrent.supportsTrees, false);
    assert.equal(context.supportsTrees, true);
    const tree = batch as TreeBatch;
    assert.equal(await failure(() => recurrent.decodeTree(tree)), 'model-unsupported');
    await mamba.dispose();
  });
});
