import path from 'node:path';
import type { NativeAddon, NativeModel } from '../../engine/native/addon.d.ts';
import { PROMPT_TOKENS_SUFFIX } from '../../engine/prompt-tokens/find-prompt-tokens.ts';
import { fingerprintModel } from '../../engine/prompt-tokens/fingerprint.ts';
import { writePromptTokens } from '../../engine/prompt-tokens/prompt-token-file.ts';
import type { PromptTokens } from '../../engine/prompt-tokens/prompt-tokens.ts';

/** Claims that make trees worth growing, whatever the rows are worth. */
const CLAIMED = [0.5, 0.15, 0.08, 0.04];

/**
 * Prompt tokens as training begins with them: every row is the mean of some embeddings. They guess
 * badly: losslessness must not depend on good guesses.
 */
export async function untrainedPromptTokens(
  model: NativeModel,
  modelPath: string,
  { count = 3, ensemble = 1 } = {},
): Promise<PromptTokens> {
  const { embeddingLength, vocabularySize } = model.info;
  const ids = Int32Array.from({ length: 256 }, (_, index) => (index * 37) % vocabularySize);
  const embeddings = await model.tokenEmbeddings(ids);
  const mean = Float32Array.from({ length: embeddingLength }, (_, column) =>
    ids.reduce(
      (sum, _id, row) => sum + embeddings[row * embeddingLength + column]! / ids.length,
      0,
    ),
  );
  const rows = new Float32Array(count * ensemble * embeddingLength);
  for (let row = 0; row < count * ensemble; row += 1) rows.set(mean, row * embeddingLength);
  return {
    count,
    ensemble,
    embeddingLength,
    rows,
    accuracies: Array.from({ length: count }, () => CLAIMED),
    calibration: { weights: Array.from({ length: count }, () => [0, 1, 0] as const) },
    fingerprint: await fingerprintModel(modelPath),
    record: {
      modelName: 'test',
      quantisation: 'Q8_0',
      steps: 0,
      trainedTokens: 0,
      seconds: 0,
      lossByDistance: Array.from({ length: count }, () => 1),
      untrained: Array.from({ length: count }, () => CLAIMED.map(() => 0)),
      device: 'CPU',
      date: '2026-01-01',
    },
  };
}

/** Writes them where the engine looks for those of a model. */
export async function installUntrainedPromptTokens(
  addon: NativeAddon,
  model: NativeModel,
  modelPath: string,
  modelsFolder: string,
): Promise<string> {
  const tokens = await untrainedPromptTokens(model, modelPath);
  const file = path.join(modelsFolder, path.basename(modelPath, '.gguf') + PROMPT_TOKENS_SUFFIX);
  writePromptTokens(addon, file, tokens);
  return file;
}
