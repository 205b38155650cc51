import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EngineFailure } from '../engine-failure.ts';
import type { Installation } from '../installation.ts';
import type { ModelSummary } from '../protocol.ts';
import { PROMPT_TOKENS_SUFFIX } from '../prompt-tokens/find-prompt-tokens.ts';
import { findInCatalogue } from './catalogue.ts';

/** Models that ship with Foretoken, the default first. */
export const EMBEDDED_MODELS = [
  { name: 'foretoken-code-6m', file: 'foretoken-code-6m.Q8_0.gguf' },
] as const;

/** Every model on this machine that has a name: the embedded ones, then those in the models folder. */
export async function listModels(installation: Installation): Promise<readonly ModelSummary[]> {
  const embedded = EMBEDDED_MODELS.map(({ name, file }) =>
    summarise(name, path.join(installation.root, 'models', file), true),
  );
  const folder = installation.modelsFolder;
  const files = await readdir(folder).catch(() => []);
  const downloaded = files
    .filter((file) => file.endsWith('.gguf') && !file.endsWith(PROMPT_TOKENS_SUFFIX))
    .toSorted()
    .map((file) => summarise(path.basename(file, '.gguf'), path.join(folder, file), false));
  const models = await Promise.all([...embedded, ...downloaded]);
  return models.filter((each) => each !== null);
}

/**
 * @param setting Name of a model on this machine, a path, or null for the default.
 * @throws EngineFailure 'model-missing' or 'model-unreadable', with what to do.
 */
export async function resolveModel(
  setting: string | null,
  installation: Installation,
): Promise<ModelSummary> {
  const models = await listModels(installation);
  if (setting === null) {
    const first = models.find((each) => each.embedded);
    if (first !== undefined) return first;
    throw new EngineFailure(
      'model-missing',
      'The embedded model is missing: reinstall Foretoken, or name a GGUF file in the setting foretoken.model.',
    );
  }
  const named = models.find((each) => each.name === setting);
  if (named !== undefined) return named;
  if (findInCatalogue(setting) !== undefined) {
    throw new EngineFailure(
      'model-missing',
      `The model ${setting} is not downloaded yet: use "Foretoken: Select Model", or foretoken models download ${setting}.`,
    );
  }
  return describeFile(expandHome(setting), models);
}

async function describeFile(
  location: string,
  named: readonly ModelSummary[],
): Promise<ModelSummary> {
  const file = await stat(location).catch(() => null);
  if (file === null) {
    const names = named.map((each) => each.name).join(', ');
    throw new EngineFailure(
      'model-missing',
      `No model at ${location}: give the path of a GGUF file or the name of a model (${names}).`,
    );
  }
  if (!file.isFile()) {
    throw new EngineFailure('model-unreadable', `${location} is not a file: give a GGUF file.`);
  }
  await access(location, constants.R_OK).catch(() => {
    throw new EngineFailure('model-unreadable', `${location} cannot be read: check permissions.`);
  });
  const name = path.basename(location, path.extname(location));
  return { name, path: path.resolve(location), sizeBytes: file.size, embedded: false };
}

async function summarise(
  name: string,
  location: string,
  embedded: boolean,
): Promise<ModelSummary | null> {
  const file = await stat(location).catch(() => null);
  if (!file?.isFile()) return null;
  return { name, path: location, sizeBytes: file.size, embedded };
}

function expandHome(location: string): string {
  return location.startsWith('~/') ? path.join(os.homedir(), location.slice(2)) : location;
}
