import { constants, existsSync } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { compatibility, readModelFacts, type ModelFacts } from './fingerprint.ts';
import { PromptTokenFileError, readPromptTokens } from './prompt-token-file.ts';
import type { PromptTokens } from './prompt-tokens.ts';

/** What a prompt-token file is called after its model's file. */
export const PROMPT_TOKENS_SUFFIX = '.prompt-tokens.gguf';

export interface FoundPromptTokens {
  /** Null where there are none that serve this model. */
  readonly promptTokens: PromptTokens | null;
  /** What the user should know, and what to do. */
  readonly warning: string | null;
}

const NOTHING: FoundPromptTokens = { promptTokens: null, warning: null };

/** Where prompt tokens of a model may lie: those that the user trained first, then shipped ones. */
export function promptTokenPaths(modelPath: string, modelsFolder: string): readonly string[] {
  const name = path.basename(modelPath, '.gguf') + PROMPT_TOKENS_SUFFIX;
  const folders = new Set(
    [modelsFolder, path.dirname(modelPath)].map((each) => path.resolve(each)),
  );
  return [...folders].map((folder) => path.join(folder, name));
}

/**
 * Where newly trained ones go: beside the model, or into the models folder where the model ships with
 * Foretoken (its own are not to be overwritten) or lies in a place that cannot be written to.
 */
export async function promptTokenTarget(
  model: { readonly path: string; readonly embedded: boolean },
  modelsFolder: string,
): Promise<string> {
  const [inFolder = '', beside = inFolder] = promptTokenPaths(model.path, modelsFolder);
  const writable = access(path.dirname(beside), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!model.embedded && (await writable)) return beside;
  await mkdir(modelsFolder, { recursive: true });
  return inFolder;
}

/**
 * The prompt tokens that belong to a model: of several files the first that was made for it. Whatever
 * is wrong with them, the model works without.
 */
export async function findPromptTokens(
  modelPath: string,
  modelsFolder: string,
): Promise<FoundPromptTokens> {
  const files = promptTokenPaths(modelPath, modelsFolder).filter((file) => existsSync(file));
  if (files.length === 0) return NOTHING;
  const facts = await readModelFacts(modelPath);
  const found: FoundPromptTokens[] = [];
  for (const file of files) found.push(await examine(file, facts));
  return (
    found.find((each) => each.promptTokens !== null && each.warning === null) ??
    found.find((each) => each.promptTokens !== null) ??
    found[0] ??
    NOTHING
  );
}

async function examine(file: string, model: ModelFacts): Promise<FoundPromptTokens> {
  try {
    const promptTokens = await readPromptTokens(file);
    const fits = compatibility(promptTokens.fingerprint, model.fingerprint);
    if (fits === 'other-model' || promptTokens.embeddingLength !== model.embeddingLength) {
      return { promptTokens: null, warning: otherModel(file) };
    }
    return { promptTokens, warning: fits === 'same' ? null : otherQuantisation(file) };
  } catch (error) {
    const message = error instanceof PromptTokenFileError ? error.message : unreadable(file, error);
    return { promptTokens: null, warning: message };
  }
}

function otherModel(file: string): string {
  return `${file} was trained for another model and is not used: run "foretoken train" for this one.`;
}

function otherQuantisation(file: string): string {
  return `${file} was trained for another quantisation of this model: it works, but guesses less well than one made by "foretoken train".`;
}

function unreadable(file: string, error: unknown): string {
  return `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
