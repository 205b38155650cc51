import type { DecodingMode } from './decoding-mode.ts';
import type { TreeSettings } from './tree-settings.ts';

/** What a mode, or the user's settings, come to: where guesses come from and how the tree is shaped. */
export interface DecodingMethod {
  readonly shape: 'paper' | 'static' | 'adaptive';
  /** Prompt tokens that are used of those there are. */
  readonly promptTokens: number;
  readonly ngram: boolean;
  readonly draft: boolean;
  /** As in `TreeSettings`. */
  readonly nodeBudget: number;
  readonly depth: number;
  readonly topK: number;
}

const UNLIMITED = { nodeBudget: Infinity, depth: Infinity, topK: 10 } as const;

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

/** Prompt tokens beyond the depth would guess tokens that no candidate may stand for. */
export function methodOfSettings(settings: TreeSettings): DecodingMethod {
  const { adaptive, promptTokens, depth, ...rest } = settings;
  return {
    ...rest,
    depth,
    shape: adaptive ? 'adaptive' : 'static',
    promptTokens: Math.min(promptTokens, depth),
  };
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
