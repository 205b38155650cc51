import { toEngineError } from '../engine-failure.ts';
import type { NativeContext } from '../native/addon.d.ts';
import { NativeTreeDecoder } from '../native/native-tree-decoder.ts';
import type { FoundPromptTokens } from './find-prompt-tokens.ts';

/** Models that treat embeddings unlike their own tokens work without prompt tokens. */
export function promptedDecoder(
  context: NativeContext,
  found: FoundPromptTokens,
): FoundPromptTokens & { readonly decoder: NativeTreeDecoder } {
  try {
    return { ...found, decoder: new NativeTreeDecoder(context, found.promptTokens) };
  } catch (error) {
    const warning = `The prompt tokens are not used: ${toEngineError(error).message}`;
    return { promptTokens: null, warning, decoder: new NativeTreeDecoder(context) };
  }
}
