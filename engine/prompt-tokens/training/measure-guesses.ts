import { GuessCounts } from '../../core/training/guess-counts.ts';
import { at } from '../../core/tree/at.ts';
import { tokenTree } from '../../core/tree/candidate-tree.ts';
import { layoutTree } from '../../core/tree/layout-tree.ts';
import type { PromptTokenEmbeddings } from '../../native/native-tree-decoder.ts';
import type { BackgroundDecoder } from './background-decoder.ts';
import type { TrainingWindow } from './windows.ts';

/** Ranks of guesses that are told apart; a row has no more candidates. */
export const MEASURED_RANKS = 32;

/** Rows of one pass of a measurement at most; its context has to allow as many, and sequences. */
export const MEASURE_ROWS = 64;

export type MeasuringDecoder = Pick<
  BackgroundDecoder,
  'usePromptTokens' | 'start' | 'forward' | 'keep'
>;

/**
 * Counts how good prompt tokens guess on windows that the model has continued. They hang below the
 * tokens of the continuation as they do below a tree's nodes; as these are known, many go in one pass.
 *
 * @param windows Taken until they end or one is null.
 * @returns Null when cancelled.
 */
export async function measureGuesses(
  decoder: MeasuringDecoder,
  embeddings: PromptTokenEmbeddings,
  windows: AsyncIterable<TrainingWindow | null>,
): Promise<GuessCounts | null> {
  decoder.usePromptTokens(embeddings);
  const counts = new GuessCounts(embeddings.count, MEASURED_RANKS);
  for await (const window of windows) {
    if (window === null || !(await measureWindow(decoder, embeddings, window, counts))) return null;
  }
  return counts;
}

async function measureWindow(
  decoder: MeasuringDecoder,
  { count, ensemble }: PromptTokenEmbeddings,
  { tokens, firstInsertion }: TrainingWindow,
  counts: GuessCounts,
): Promise<boolean> {
  const known = Array.from(tokens);
  // The first root must not be in the cache, and a prompt of nothing cannot be started.
  const first = Math.max(1, firstInsertion);
  const nodesAtOnce = Math.max(1, Math.floor(MEASURE_ROWS / (1 + count * ensemble)));
  if ((await decoder.start(known.slice(0, first))) === null) return false;
  // A guess is about a token at least two behind its node.
  for (let start = first; start + 2 < known.length; start += nodesAtOnce) {
    const nodes = known.slice(start, start + nodesAtOnce);
    const rows = await decoder.forward(layoutTree(chain(nodes, count), { ensemble }));
    if (rows === null) return false;
    decoder.keep(nodes.map((_, node) => node));
    for (const node of nodes.keys()) {
      counts.add(at(rows.guesses, node), known.slice(start + node + 2));
    }
  }
  return true;
}

function chain(tokens: readonly number[], prompts: number): ReturnType<typeof tokenTree> {
  return tokenTree(tokens.map((label, node) => ({ parent: node - 1, label, prompts })));
}
