/** What the user may set of the candidate tree in mode `manual`. */
export interface TreeSettings {
  /** Rows of one forward pass at most: root, candidates and prompt tokens together. 1 = plain. */
  readonly nodeBudget: number;
  /** Candidates on a path at most, the root not counted. 0 = plain. */
  readonly depth: number;
  /** m: how many of the trained prompt tokens are used, the nearest first. 0 = none. */
  readonly promptTokens: number;
  /** Ranks of a prompt token's guess that may become candidates. */
  readonly topK: number;
  /** A tree grown for each step; otherwise the best fixed one for each state. */
  readonly adaptive: boolean;
  /** Chains that followed the same text before. */
  readonly ngram: boolean;
  /** The draft model guesses; `promptTokens` are then the draft's, with `ngram` the model's too. */
  readonly draft: boolean;
}

export const DEFAULT_TREE_SETTINGS: TreeSettings = {
  nodeBudget: 16,
  depth: 4,
  promptTokens: 3,
  topK: 10,
  adaptive: true,
  ngram: true,
  draft: false,
};

/** What the numbers may be, both ends included. */
export const TREE_LIMITS = {
  nodeBudget: { min: 1, max: 128 },
  depth: { min: 0, max: 16 },
  promptTokens: { min: 0, max: 16 },
  topK: { min: 1, max: 32 },
} as const;

type TreeNumber = keyof typeof TREE_LIMITS;

/** What is wrong with settings that come from outside, or null. */
export function treeSettingsFault(settings: TreeSettings): string | null {
  for (const name of Object.keys(TREE_LIMITS) as TreeNumber[]) {
    const value = settings[name];
    const { min, max } = TREE_LIMITS[name];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    return `The setting foretoken.tree.${name} is ${value}: give a whole number from ${min} to ${max}.`;
  }
  return null;
}
