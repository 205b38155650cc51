import type { DecodingMode } from './decoding-mode.ts';
import { TREE_LIMITS, type TreeSettings } from './tree-settings.ts';

/** What a mode, or the user's settings, come to: where guesses come from and how the tree is shaped. */
export interface DecodingMethod {
  readonly shape: 'paper' | 'static' | 'adaptive';
  /** Prompt tokens that are used of those there are; the draft's where there is a draft. */
  readonly promptTokens: number;
  /** With a draft: prompt tokens of the target that guess beside it. */
  readonly targetPrompts: number;
  readonly ngram: boolean;
  readonly draft: boolean;
  /** As in `TreeSettings`. */
  readonly nodeBudget: number;
  readonly depth: number;
  readonly topK: number;
}

const UNLIMITED = {
  nodeBudget: Infinity,
  depth: Infinity,
  topK: 10,
  targetPrompts: 0,
} as const;

const PPD = { ...UNLIMITED, promptTokens: Infinity, ngram: false, draft: false } as const;

const NO_PROMPTS = { ...PPD, shape: 'adaptive', promptTokens: 0 } as const;

const METHODS: Readonly<Record<DecodingMode, DecodingMethod>> = {
  plain: { ...NO_PROMPTS, nodeBudget: 1 },
  ngram: { ...NO_PROMPTS, ngram: true },
  'ppd-paper': { ...PPD, shape: 'paper' },
  'ppd-static': { ...PPD, shape: 'static' },
  'ppd-adaptive': { ...PPD, shape: 'adaptive' },
  'ppd-ngram': { ...PPD, shape: 'adaptive', ngram: true },
  draft: { ...NO_PROMPTS, draft: true },
  'draft-ppd': { ...PPD, shape: 'adaptive', draft: true },
};

export function methodOfMode(mode: DecodingMode): DecodingMethod {
  return METHODS[mode];
}

/**
 * Prompt tokens beyond the depth would guess tokens that no candidate may stand for. Draft, n-gram
 * chains and prompt tokens together are one tree of everything, the target's own guesses included.
 */
export function methodOfSettings(settings: TreeSettings): DecodingMethod {
  const { adaptive, depth, ...rest } = settings;
  const promptTokens = Math.min(settings.promptTokens, depth);
  return {
    ...rest,
    depth,
    shape: adaptive ? 'adaptive' : 'static',
    promptTokens,
    targetPrompts: settings.draft && settings.ngram ? promptTokens : 0,
  };
}

/** More than decoding ever uses. */
const AT_MOST = {
  nodeBudget: TREE_LIMITS.nodeBudget.max,
  depth: TREE_LIMITS.depth.max,
} as const;

/**
 * What makes `manual` decode as a mode does: settings that are not in it make no difference then. Null
 * for what `manual` cannot do: the paper's trees.
 */
export function settingsOfMode(mode: DecodingMode): Partial<TreeSettings> | null {
  const { shape, promptTokens, ngram, draft, topK } = methodOfMode(mode);
  if (shape === 'paper') return null;
  const sources = { ...AT_MOST, ngram, draft };
  if (mode === 'plain') return { nodeBudget: 1 };
  if (promptTokens === 0) return { ...sources, promptTokens: 0 };
  const prompts = { promptTokens: TREE_LIMITS.promptTokens.max, topK };
  // A draft grows its trees in any case.
  return { ...sources, ...prompts, ...(!draft && { adaptive: shape === 'adaptive' }) };
}

/** Nothing guesses, or there is no room for a guess. */
export function isPlain({
  nodeBudget,
  depth,
  promptTokens,
  ngram,
  draft,
}: DecodingMethod): boolean {
  return nodeBudget < 2 || depth < 1 || (promptTokens === 0 && !ngram && !draft);
}
