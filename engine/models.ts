import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EngineFailure } from './engine-failure.ts';
import type { ModelSummary } from './protocol.ts';

/** Models that ship with Foretoken, the default first. */
const EMBEDDED_MODELS = [
  { name: 'foretoken-code-6m', file: 'foretoken-code-6m.Q8_0.gguf' },
] as const;

export async function listModels(root: string): Promise<readonly ModelSummary[]> {
  const models = await Promise.all(
    EMBEDDED_MODELS.map(async ({ name, file }) => {
      const location = path.join(root, 'models', file);
      const size = await sizeOf(location);
      return size === null ? null : { name, path: location, sizeBytes: size, embedded: true };
    }),
  );
  return models.filter((each) => each !== null);
}

/**
 * @param setting Name of an embedded model, a path, or null for the default.
 * @throws EngineFailure 'model-missing' or 'model-unreadable', with what to do.
 */
export async function resolveModel(setting: string | null, root: string): Promise<ModelSummary> {
  const embedded = await listModels(root);
  if (setting === null) {
    const [first] = embedded;
    if (first !== undefined) return first;
    throw new EngineFailure(
      'model-missing',
      'The embedded model is missing: reinstall Foretoken, or name a GGUF file in the setting foretoken.model.',
    );
  }
  const named = embedded.find((each) => each.name === setting);
  if (named !== undefined) return named;
  return describeFile(expandHome(setting), embedded);
}

async function describeFile(
  location: string,
  embedded: readonly ModelSummary[],
): Promise<ModelSummary> {
  const file = await stat(location).catch(() => null);
  if (file === null) {
    const names = embedded.map((each) => each.name).join(', ');
    throw new EngineFailure(
      'model-missing',
      `No model at ${location}: give the path of a GGUF file or the name of an embedded model (${names}).`,
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

async function sizeOf(location: string): Promise<number | null> {
  return stat(location).then(
    (file) => file.size,
    () => null,
  );
}

function expandHome(location: string): string {
  return location.startsWith('~/') ? path.join(os.homedir(), location.slice(2)) : location;
}
