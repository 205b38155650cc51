import type { Llama } from 'node-llama-cpp';
import type { Installation } from '../installation.ts';
import type { DeviceInfo, ListedModel, ModelSummary } from '../protocol.ts';
import { CATALOGUE, type CatalogueModel } from './catalogue.ts';
import { byRuleOfThumb, estimateMemory } from './estimate-memory.ts';
import { recommend, type Candidate } from './recommend.ts';
import { EMBEDDED_MODELS, listModels } from './resolve.ts';

/** Embedded models, the catalogue, and what else lies in the models folder; with recommendations. */
export async function listChoices(
  installation: Installation,
  device: DeviceInfo,
  llama: Llama,
): Promise<readonly ListedModel[]> {
  const installed = await listModels(installation);
  const models = await Promise.all([
    ...EMBEDDED_MODELS.flatMap(({ name }) => {
      const found = installed.find((each) => each.embedded && each.name === name);
      return found === undefined ? [] : [describeFile(found, 'embedded', llama)];
    }),
    ...CATALOGUE.map((entry) => {
      const found = installed.find((each) => !each.embedded && each.name === entry.id);
      return describeEntry(entry, found, llama);
    }),
    ...installed
      .filter((each) => !each.embedded && !CATALOGUE.some(({ id }) => id === each.name))
      .map((each) => describeFile(each, 'folder', llama)),
  ]);
  return withRecommendations(models, device);
}

async function describeFile(
  { name, path, sizeBytes }: ModelSummary,
  source: 'embedded' | 'folder',
  llama: Llama,
): Promise<ListedModel> {
  const memory = await estimateMemory(path, sizeBytes, llama);
  const embedded = source === 'embedded';
  return {
    name,
    title: name,
    source,
    installed: true,
    path,
    sizeBytes,
    sizeIsApproximate: false,
    parameters: null,
    quantisation: null,
    licence: embedded ? { name: 'MIT', terms: 'permissive' } : null,
    fillInMiddle: embedded ? 'yes' : 'unknown',
    memoryBytes: memory.bytes,
    memoryBasis: memory.basis,
    note: null,
    recommendation: null,
  };
}

async function describeEntry(
  entry: CatalogueModel,
  installed: ModelSummary | undefined,
  llama: Llama,
): Promise<ListedModel> {
  const sizeBytes = installed?.sizeBytes ?? entry.approximateBytes;
  const memory =
    installed === undefined
      ? byRuleOfThumb(sizeBytes)
      : await estimateMemory(installed.path, sizeBytes, llama);
  return {
    name: entry.id,
    title: entry.title,
    source: 'catalogue',
    installed: installed !== undefined,
    path: installed?.path ?? null,
    sizeBytes,
    sizeIsApproximate: installed === undefined,
    parameters: entry.parameters.total,
    quantisation: entry.quantisation,
    licence: entry.licence,
    fillInMiddle: entry.fillInMiddle,
    memoryBytes: memory.bytes,
    memoryBasis: memory.basis,
    note: entry.note,
    recommendation: null,
  };
}

function withRecommendations(
  models: readonly ListedModel[],
  device: DeviceInfo,
): readonly ListedModel[] {
  const candidates = CATALOGUE.flatMap((entry): Candidate[] => {
    const listed = models.find((each) => each.source === 'catalogue' && each.name === entry.id);
    if (listed === undefined) return [];
    const { sizeBytes, memoryBytes } = listed;
    return [{ ...entry, name: entry.id, fileBytes: sizeBytes, memoryBytes }];
  });
  const reasons = new Map(recommend(candidates, device).map((each) => [each.name, each.reason]));
  const [embedded] = models;
  if (reasons.size === 0 && embedded?.source === 'embedded') {
    reasons.set(embedded.name, 'larger models are too slow or too large for this machine');
  }
  return models.map((each) => ({ ...each, recommendation: reasons.get(each.name) ?? null }));
}
