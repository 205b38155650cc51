import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { toEngineError } from '../engine-failure.ts';
import type { Installation } from '../installation.ts';
import { CATALOGUE, findInCatalogue } from '../models/catalogue.ts';
import { listModels, resolveModel } from '../models/resolve.ts';
import { PROMPT_TOKENS_SUFFIX } from '../prompt-tokens/find-prompt-tokens.ts';
import type { ModelSummary } from '../protocol.ts';

export interface FoundDraft {
  readonly draft: ModelSummary | null;
  /** Why there is none, where one was asked for. */
  readonly warning: string | null;
}

/** A draft of the catalogue is at most this large beside its target, or it would hardly pay. */
const LARGEST_SHARE = 0.5;

/** As files are named: `.Q8_0`, `.IQ4_XS`, `.F16`. */
const QUANTISATION = /\.(?:I?Q\d|B?F\d+)\w*$/i;

/**
 * The draft model for a model: the one that the user names, or (`auto`) the one that lies beside it
 * under its name, or a smaller model of its family that is installed.
 *
 * @param setting As in `EngineConfiguration`.
 */
export async function findDraft(
  setting: string | null,
  target: ModelSummary,
  installation: Installation,
): Promise<FoundDraft> {
  if (setting === null) return { draft: null, warning: null };
  if (setting === 'auto') {
    const draft = (await draftBeside(target)) ?? (await smallerRelative(target, installation));
    return { draft, warning: null };
  }
  try {
    return { draft: await named(setting, installation), warning: null };
  } catch (error) {
    return {
      draft: null,
      warning: `There is no draft model. ${toEngineError(error).message} The setting is foretoken.draftModel.`,
    };
  }
}

/** Drafts that ship beside a model have names too. */
async function named(setting: string, installation: Installation): Promise<ModelSummary> {
  const models = await listModels(installation);
  for (const model of models.filter(({ embedded }) => embedded)) {
    const draft = await draftBeside(model);
    if (draft?.name === setting) return draft;
  }
  return resolveModel(setting, installation);
}

/** `name-draft.QUANTISATION.gguf` beside `name.QUANTISATION.gguf`. */
async function draftBeside(target: ModelSummary): Promise<ModelSummary | null> {
  const folder = path.dirname(target.path);
  const name = `${path.basename(target.path, '.gguf').replace(QUANTISATION, '')}-draft`;
  const files = await readdir(folder).catch(() => []);
  const file = files
    .filter((each) => each.startsWith(`${name}.`) && each.endsWith('.gguf'))
    .toSorted()
    .find((each) => !each.endsWith(PROMPT_TOKENS_SUFFIX));
  if (file === undefined) return null;
  const location = path.join(folder, file);
  const { size } = await stat(location);
  return { name, path: location, sizeBytes: size, embedded: target.embedded };
}

async function smallerRelative(
  target: ModelSummary,
  installation: Installation,
): Promise<ModelSummary | null> {
  const entry = findInCatalogue(target.name);
  if (entry === undefined) return null;
  const installed = await listModels(installation);
  const relatives = CATALOGUE.filter(
    ({ family, parameters }) =>
      family === entry.family && parameters.active <= LARGEST_SHARE * entry.parameters.active,
  ).toSorted((a, b) => a.parameters.active - b.parameters.active);
  for (const { id } of relatives) {
    const found = installed.find(({ name }) => name === id);
    if (found !== undefined) return found;
  }
  return null;
}
