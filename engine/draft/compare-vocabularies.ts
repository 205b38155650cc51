import type { NativeModel } from '../native/addon.d.ts';

/** Vocabularies are padded to different lengths: llama.cpp's own tolerance for drafts. */
const LARGEST_DIFFERENCE = 128;

/** Tokens whose texts are compared in one go. */
const GROUP_TOKENS = 16;

export type VocabularyComparison =
  /** Both models know the ids below `shared`. */
  | { readonly kind: 'same'; readonly shared: number }
  | { readonly kind: 'different'; readonly why: string };

/** Whether the ids of two models mean the same, texts and special tokens alike. */
export function compareVocabularies(target: NativeModel, draft: NativeModel): VocabularyComparison {
  const sizes = [target, draft].map(({ info }) => info.vocabularySize) as [number, number];
  const shared = Math.min(...sizes);
  if (Math.abs(sizes[0] - sizes[1]) > LARGEST_DIFFERENCE) {
    return { kind: 'different', why: `it has ${sizes[1]} tokens, the model ${sizes[0]}` };
  }
  const token = firstDifference(target, draft, shared);
  if (token !== null) return { kind: 'different', why: `token ${token} is another text` };
  const special = specialDifference(target, draft, shared);
  return special === null ? { kind: 'same', shared } : { kind: 'different', why: special };
}

/** In groups: one by one, a large vocabulary would hold up the process. */
function firstDifference(target: NativeModel, draft: NativeModel, shared: number): number | null {
  for (let start = 0; start < shared; start += GROUP_TOKENS) {
    const length = Math.min(GROUP_TOKENS, shared - start);
    const ids = Int32Array.from({ length }, (_, index) => start + index);
    if (isSameText(target, draft, ids)) continue;
    const other = ids.find((id) => !isSameText(target, draft, Int32Array.of(id)));
    return other ?? start;
  }
  return null;
}

function isSameText(target: NativeModel, draft: NativeModel, ids: Int32Array): boolean {
  const [one, two] = [target, draft].map((each) => each.detokenize(ids, { special: true })) as [
    Uint8Array,
    Uint8Array,
  ];
  return Buffer.compare(one, two) === 0;
}

function specialDifference(target: NativeModel, draft: NativeModel, shared: number): string | null {
  for (let id = 0; id < shared; id += 1) {
    if (target.isControl(id) !== draft.isControl(id)) return `token ${id} is special in one alone`;
    if (target.isEndOfGeneration(id) !== draft.isEndOfGeneration(id)) {
      return `token ${id} ends the text in one alone`;
    }
  }
  const facts = [target.info, draft.info].map(({ fimTokens, beginOfTextToken, addBeginOfText }) =>
    JSON.stringify([fimTokens, addBeginOfText ? beginOfTextToken : null]),
  );
  return facts[0] === facts[1] ? null : 'its special tokens are others';
}
