import type { TextStream } from '../core/decode/generate.ts';
import type { PromptVocabulary } from '../core/prompt/fim-prompt.ts';
import type { NativeModel } from './addon.d.ts';

export function promptVocabulary(model: NativeModel): PromptVocabulary {
  const { fimTokens, addBeginOfText, beginOfTextToken } = model.info;
  const { prefix, suffix, middle } = fimTokens;
  const complete = prefix !== null && suffix !== null && middle !== null;
  return {
    tokenize: (text) => model.tokenize(text),
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
