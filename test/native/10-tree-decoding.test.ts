import assert from 'node:assert/strict';
import { argmax } from '../../engine/core/decode/decoder.ts';
import { PlainStrategy } from '../../engine/core/decode/plain.ts';
import type { DecodingStrategy } from '../../engine/core/decode/strategy.ts';
import { TreeStrategy } from '../../engine/core/decode/tree-strategy.ts';
import { rootTree, tokenTree, type TreeNode } from '../../engine/core/tree/candidate-tree.ts';
import { mergeChains } from '../../engine/core/tree/merge-chains.ts';
import { LookupChances } from '../../engine/core/tree/lookup-chances.ts';
import { lookup } from '../../engine/core/tree/lookup.ts';
import { NgramIndex } from '../../engine/core/tree/ngram-index.ts';
import type { TreePolicy } from '../../engine/core/tree/tree-policy.ts';
import type { NativeContext, NativeModel } from '../../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../../engine/native/native-tree-decoder.ts';
import { loadModel, trainedModelPath } from './support/native.ts';
import { seededRandom } from './support/random.ts';
import { BATCH_SHAPE_TOLERANCE, CONTEXT, below } from './support/trees.ts';

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
    make: (tail: readonly number[], prompt: readonly number[]) => DecodingStrategy,
  ): Promise<Continuation> {
    decoder.truncate(0);
    const prompt = [...model.tokenize(text)];
    const head = await decoder.prefillHead(prompt, () => false);
    const strategy = make(head!.tail, prompt);
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
  function promptLookup(prompt: readonly number[]): TreePolicy {
    const index = new NgramIndex(prompt);
    const chances = new LookupChances();
    return {
      plan: ({ root }) =>
        mergeChains(
          rootTree(root),
          lookup(index, chances, { length: 3, count: 2 }).map(({ guesses }) =>
            guesses.map(({ token }) => token),
          ),
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

  for (const [name, policyFor] of Object.entries({ lookup: promptLookup, scatter })) {
    it(`${name}: the text of plain decoding, near ties excepted`, async () => {
      let steps = 0;
      let ties = 0;
      for (const text of prompts) {
        const plain = await continued(text, (tail) => new PlainStrategy(decoder, tail, argmax));
        const tree = await continued(
          text,
          (tail, prompt) =>
            new TreeStrategy({
              decoder,
              tail,
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
