import assert from 'node:assert/strict';
import { chainTree, tokenTree } from '../../../engine/core/tree/candidate-tree.ts';
import { layoutTree } from '../../../engine/core/tree/layout-tree.ts';
import type {
  DecodeBatch,
  DecodeResult,
  NativeContext,
  TreeBatch,
} from '../../../engine/native/addon.d.ts';
import { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';

const PROMPTS = { count: 1, ensemble: 1, rows: new Float32Array(1) };

/** A context that writes down how each batch enters it. */
function fakeContext() {
  const kinds: string[] = [];
  const rows = (count: number): Promise<DecodeResult> =>
    Promise.resolve({
      kind: 'done',
      rows: count,
      topK: 1,
      ids: new Int32Array(count),
      logits: new Float32Array(count),
      logSumExp: new Float32Array(),
    });
  const context = {
    contextLength: 4096,
    decode({ tokens, outputs }: DecodeBatch): Promise<DecodeResult> {
      kinds.push(`${tokens.length} tokens`);
      return rows(outputs);
    },
    decodeTree({ tokens, outputs, embedded }: TreeBatch): Promise<DecodeResult> {
      kinds.push(`${tokens.length} ${embedded === true ? 'embeddings' : 'in a tree'}`);
      return rows(outputs.length);
    },
    setPromptEmbeddings: () => undefined,
    keepPath: () => undefined,
    removeTokens: () => undefined,
  };
  const decoder = new NativeTreeDecoder(context as unknown as NativeContext, PROMPTS);
  const forward = async (nodes: number, prompts = 0): Promise<void> => {
    const chain = Array.from({ length: nodes }, (_, index) => {
      return { parent: index - 1, label: 7, prompts: index === nodes - 1 ? prompts : 0 };
    });
    await decoder.forward(layoutTree(tokenTree(chain), { ensemble: 1 }));
    decoder.keep([0]);
  };
  return { decoder, forward, kinds };
}

describe('native tree decoder', () => {
  it('evaluates a chain as text', async () => {
    const { forward, kinds } = fakeContext();
    await forward(2);
    await forward(4);
    assert.deepEqual(kinds, ['2 tokens', '4 tokens']);
  });

  it('goes on with embeddings where prompt tokens made it begin, until a plain step', async () => {
    const { decoder, forward, kinds } = fakeContext();
    await forward(1, 1);
    await forward(2);
    await decoder.append([7]);
    await forward(2);
    assert.deepEqual(kinds, ['2 embeddings', '2 embeddings', '1 tokens', '2 tokens']);
  });

  it('reads a stem with the pass, asks for nothing of it, and keeps it', async () => {
    const { decoder, kinds } = fakeContext();
    const tree = chainTree(7, [8, 9]);
    const rows = await decoder.forward(layoutTree(tree, { ensemble: 1, stem: [4, 5] }));
    assert.equal(rows?.nodes.length, 3);
    decoder.keep([0, 1, 2, 3]);
    assert.equal(decoder.length, 4);
    assert.deepEqual(kinds, ['5 tokens']);
  });
});
