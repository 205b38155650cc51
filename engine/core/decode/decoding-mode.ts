/**
 * The decoding modes. `ngram`: chains that followed the same text before. `ppd-paper`, `ppd-static`,
 * `ppd-adaptive`: prompt tokens in the paper's fixed trees, in exactly optimal fixed trees, in a tree
 * grown for each step. `ppd-ngram`: the latter with n-gram chains in it. `draft`: a draft model;
 * `draft-ppd`: one that decodes with prompt tokens of its own.
 */
export const DECODING_MODES = [
  'plain',
  'ngram',
  'ppd-paper',
  'ppd-static',
  'ppd-adaptive',
  'ppd-ngram',
  'draft',
  'draft-ppd',
] as const;

/** How tokens are found; the text is the same. */
export type DecodingMode = (typeof DECODING_MODES)[number];
