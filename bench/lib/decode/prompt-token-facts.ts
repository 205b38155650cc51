import { findInstallation } from '../../../engine/installation.ts';
import { findPromptTokens } from '../../../engine/prompt-tokens/find-prompt-tokens.ts';
import type { PromptTokens } from '../../../engine/prompt-tokens/prompt-tokens.ts';
import type { LoadedModel } from '../../../engine/protocol.ts';

const RANKS = [1, 5, 10] as const;

/** The prompt tokens that the engine uses with a model; null where there are none. */
export async function promptTokensOf(model: LoadedModel): Promise<PromptTokens | null> {
  const { modelsFolder } = findInstallation();
  return (await findPromptTokens(model.path, modelsFolder)).promptTokens;
}

/** What they add to the model, and how far they see beside rows that were never trained. */
export function promptTokenFacts(prompts: PromptTokens, model: LoadedModel) {
  const parameters = prompts.rows.length;
  return {
    count: prompts.count,
    ensemble: prompts.ensemble,
    parameters,
    /** The paper claims 0.0002 % at 7 billion parameters. */
    percentOfParameters: (100 * parameters) / model.parameterCount,
    /** In F32, of the model's file; the paper claims 0.0004 % of the memory at 7 billion. */
    percentOfBytes: (100 * prompts.rows.byteLength) / model.sizeBytes,
    topAccuracies: topAccuracies(prompts.accuracies),
    topAccuraciesUntrained: topAccuracies(prompts.record.untrained),
  };
}

/** `[d - 1]`: share of guesses that are right within the first 1, 5 and 10. */
function topAccuracies(accuracies: readonly (readonly number[])[]) {
  return accuracies.map((row) =>
    Object.fromEntries(
      RANKS.map((ranks) => [
        `top${ranks}`,
        row.slice(0, ranks).reduce((sum, share) => sum + share, 0),
      ]),
    ),
  );
}
