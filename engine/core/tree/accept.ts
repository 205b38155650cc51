import { topMargin, type TokenRow } from '../decode/decoder.ts';
import type { TokenChoice } from '../decode/token-choice.ts';
import { at } from './at.ts';
import { childrenOf, pathTo, type TokenTree } from './candidate-tree.ts';

/** What a verified tree yields. */
export interface Acceptance {
  /** Accepted nodes from the root, which is always one of them. */
  readonly path: readonly number[];
  /** Tokens after the root: those of the accepted candidates, and the bonus token behind them. */
  readonly tokens: readonly number[];
  /** `topMargin` of the row that each of `tokens` was chosen from. */
  readonly margins: readonly number[];
}

/**
 * Walks down from the root: the token after each node is chosen from its row exactly once, and where
 * a child bears it the walk goes on there; where none does, it is the bonus token. With the greedy
 * choice this is exact-match acceptance; with sampling it is lossless too, for the tokens are drawn
 * from the model's own rows whatever the tree holds (ppd.md section 3).
 *
 * @param rowOf The model's row at a node.
 * @param isEnd Tokens that nothing may follow: the walk ends in front of them.
 */
export function acceptByChoice(
  tree: TokenTree,
  rowOf: (node: number) => TokenRow,
  choose: TokenChoice,
  isEnd: (token: number) => boolean = () => false,
): Acceptance {
  const children = childrenOf(tree);
  const path = [0];
  const tokens: number[] = [];
  const margins: number[] = [];
  for (let node: number | undefined = 0; node !== undefined;) {
    const row = rowOf(node);
    const token = choose(row);
    tokens.push(token);
    margins.push(topMargin(row));
    if (isEnd(token)) break;
    node = at(children, node).find((child) => at(tree.tokens, child) === token);
    if (node !== undefined) path.push(node);
  }
  return { path, tokens, margins };
}

/** Thresholds of typical acceptance (Cai et al., Medusa, 2024, section 3.3). */
export interface TypicalOptions {
  readonly posterior?: number;
  readonly scale?: number;
  /** Of the distribution that `choose` draws from. */
  readonly temperature?: number;
}

/**
 * Typical acceptance: NOT lossless. A candidate c is good enough where
 * p(c) > min(0.09, 0.3 * exp(-H)) with H the entropy of the row; the longest such path wins, the
 * more probable one among equals. The bonus token behind it is chosen from its row.
 */
export function acceptTypical(
  tree: TokenTree,
  rowOf: (node: number) => TokenRow,
  choose: TokenChoice,
  isEnd: (token: number) => boolean = () => false,
  { posterior = 0.09, scale = 0.3, temperature = 1 }: TypicalOptions = {},
): Acceptance {
  const depth = new Float64Array(tree.size).fill(-1);
  const logChance = new Float64Array(tree.size);
  depth[0] = 0;
  let last = 0;
  for (let node = 1; node < tree.size; node += 1) {
    const parent = at(tree.parents, node);
    const token = at(tree.tokens, node);
    if (at(depth, parent) < 0 || isEnd(token)) continue;
    const { chanceOf, entropy } = softmaxOf(rowOf(parent), temperature);
    if (chanceOf(token) <= Math.min(posterior, scale * Math.exp(-entropy))) continue;
    depth[node] = at(depth, parent) + 1;
    logChance[node] = at(logChance, parent) + Math.log(chanceOf(token));
    const ahead = at(depth, node) - at(depth, last);
    if (ahead > 0 || (ahead === 0 && at(logChance, node) > at(logChance, last))) last = node;
  }
  return along(tree, last, rowOf, choose);
}

/** Probabilities over the candidates of a row, those that it does not list taken as impossible. */
export function softmaxOf(
  row: TokenRow,
  temperature = 1,
): {
  readonly chances: Float64Array;
  readonly chanceOf: (token: number) => number;
  /** In nats. */
  readonly entropy: number;
} {
  const top = row.logits[0] ?? 0;
  const weights = Float64Array.from(row.logits, (logit) => Math.exp((logit - top) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const chances = weights.map((weight) => weight / sum);
  const entropy = chances.reduce((total, p) => (p > 0 ? total - p * Math.log(p) : total), 0);
  return { chances, entropy, chanceOf: (token) => chances[row.ids.indexOf(token)] ?? 0 };
}

function along(
  tree: TokenTree,
  last: number,
  rowOf: (node: number) => TokenRow,
  choose: TokenChoice,
): Acceptance {
  const path = pathTo(tree, last);
  const tokens = path.slice(1).map((node) => at(tree.tokens, node));
  tokens.push(choose(rowOf(last)));
  return { path, tokens, margins: path.map((node) => topMargin(rowOf(node))) };
}
