import { LRUCache } from 'lru-cache';
import type { TextStream } from '../core/decode/generate.ts';
import type { PromptVocabulary } from '../core/prompt/fim-prompt.ts';
import type { NativeModel } from './addon.d.ts';

/**
 * Texts whose tokens are remembered. While a line is being typed the text above it and below it stay
 * the same, and tokenising 24 KB again would cost 10 ms a keystroke.
 */
const REMEMBERED_TEXTS = 8;

export function promptVocabulary(model: NativeModel): PromptVocabulary {
  const remembered = new LRUCache<string, Int32Array>({ max: REMEMBERED_TEXTS });
  const { fimTokens, addBeginOfText, beginOfTextToken } = model.info;
  const { prefix, suffix, middle } = fimTokens;
  const complete = prefix !== null && suffix !== null && middle !== null;
  return {
    tokenize: (text) => {
      const tokens = remembered.get(text) ?? model.tokenize(text);
      remembered.set(text, tokens);
      return tokens;
    },
    fim: complete ? { prefix, suffix, middle } : null,
    beginOfText: addBeginOfText ? beginOfTextToken : null,
  };
}

/** Text of one token; bytes that are no character of their own become U+FFFD. */
export function pieceOf(model: NativeModel, token: number): string {
  return new TextDecoder().decode(model.detokenize(Int32Array.of(token)));
}

export function createTextStream(model: NativeModel): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (token) => decoder.decode(model.detokenize(Int32Array.of(token)), { stream: true }),
    end: () => decoder.decode(),
  };
}
