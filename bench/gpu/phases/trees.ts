/**
 * Tree decoding on the device, number by number: each node's row against the same path in one batch
 * without a tree, and against the path token by token, which is what plain decoding does.
 */
import type { TokenRow } from '../../../engine/core/decode/decoder.ts';
import { seededRandom } from '../../../engine/core/metrics/percentiles.ts';
import { pathTo, type TokenTree } from '../../../engine/core/tree/candidate-tree.ts';
import { layoutTree } from '../../../engine/core/tree/layout-tree.ts';
import { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';
import { contextOptions, whereMeasured, type OpenDevice } from '../lib/device.ts';
import {
  chain,
  compareRows,
  randomTree,
  summariseDifferences,
  type Difference,
} from '../lib/trees.ts';
import { promptOf } from './check.ts';

const PREFIX_TOKENS = 64;

export interface TreeOptions {
  readonly flashAttention: boolean;
  /** Nodes of a tree; each size comes up `rounds` times. */
  readonly sizes: readonly number[];
  readonly rounds: number;
}

export async function checkTrees(
  device: OpenDevice,
  path: string,
  { flashAttention, sizes, rounds }: TreeOptions,
) {
  const model = await device.load(path);
  try {
    const context = await model.createContext(contextOptions({ flashAttention }));
    const decoder = new NativeTreeDecoder(context);
    const prefix = promptOf(model, PREFIX_TOKENS);
    await decoder.prefill(prefix, () => false);
    const random = seededRandom(7);
    const trees = sizes.flatMap((size) =>
      Array.from({ length: rounds }, () =>
        randomTree(random, { root: prefix[0] ?? 0, size, vocabulary: model.info.vocabularySize }),
      ),
    );
    const batched: Difference[] = [];
    const replayed: Difference[] = [];
    for (const tree of trees) {
      const { nodes } = await forward(decoder, tree);
      for (const node of leavesOf(tree)) {
        const tokens = pathTo(tree, node).map((each) => tree.tokens[each] ?? 0);
        const row = nodes[node];
        if (row === undefined) throw new Error('A node without a row.');
        // In a batch of as many rows, so that the same kernels serve.
        const line = await forward(decoder, chain(tokens), tree.size);
        const last = line.nodes.at(-1);
        if (last !== undefined) batched.push(compareRows(row, last));
        replayed.push(compareRows(row, await replay(decoder, tokens)));
        decoder.truncate(PREFIX_TOKENS);
      }
    }
    return {
      where: whereMeasured(device),
      flashAttention,
      trees: trees.length,
      againstPathInOneBatch: summariseDifferences(batched),
      againstTokenByToken: summariseDifferences(replayed),
    };
  } finally {
    await model.dispose();
  }
}

function leavesOf(tree: TokenTree): readonly number[] {
  const parents = new Set(tree.parents);
  return Array.from({ length: tree.size }, (_, node) => node).filter((node) => !parents.has(node));
}

async function forward(decoder: NativeTreeDecoder, tree: TokenTree, rows = 0) {
  const shapes = rows === 0 ? [] : [rows];
  const result = await decoder.forward(layoutTree(tree, { ensemble: 1, shapes }));
  if (result === null) throw new Error('A pass that nobody cancelled was cancelled.');
  return result;
}

async function replay(decoder: NativeTreeDecoder, tokens: readonly number[]): Promise<TokenRow> {
  decoder.truncate(PREFIX_TOKENS);
  let last: TokenRow | null = null;
  for (const token of tokens) last = await decoder.append([token]);
  if (last === null) throw new Error('A decode that nobody cancelled was cancelled.');
  return last;
}
