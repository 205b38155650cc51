import type { ModelLicence } from '../protocol.ts';

/** A model that can be downloaded by name. docs/MODELS.md shows the same list; a test compares. */
export interface CatalogueModel {
  /** Name in settings and on the command line, and the downloaded file's name. */
  readonly id: string;
  readonly title: string;
  readonly family: string;
  /** In billions. A mixture of experts reads `active` of them per token. */
  readonly parameters: { readonly total: number; readonly active: number };
  readonly quantisation: string;
  /** As the repository shows it, rounded; the server states the exact size before a download. */
  readonly approximateBytes: number;
  readonly licence: ModelLicence;
  /**
   * `prefix-only`: llama.cpp does not find the file's fill-in-the-middle tokens, so the text after
   * the cursor would be ignored.
   */
  readonly fillInMiddle: 'yes' | 'prefix-only';
  readonly contextLength: number;
  /** `hf:owner/repository/file`, understood by node-llama-cpp's downloader. */
  readonly uri: string;
  /** Every checksum comes from the server: files of a repository may be replaced by better ones. */
  readonly checksum: 'stated-by-server';
  /** What the user should know beyond the columns; null = nothing. */
  readonly note: string | null;
}

const APACHE: ModelLicence = { name: 'Apache-2.0', terms: 'permissive' };
const OPENRAIL: ModelLicence = { name: 'BigCode OpenRAIL-M', terms: 'use-restrictions' };
const DEEPSEEK: ModelLicence = { name: 'DeepSeek Licence', terms: 'use-restrictions' };
const GEMMA: ModelLicence = { name: 'Gemma Terms of Use', terms: 'use-restrictions' };
const QWEN_RESEARCH: ModelLicence = { name: 'Qwen Research Licence', terms: 'non-commercial' };
const MISTRAL: ModelLicence = { name: 'MNPL-0.1', terms: 'non-commercial' };

type Entry = Omit<CatalogueModel, 'checksum' | 'fillInMiddle' | 'note'> &
  Partial<Pick<CatalogueModel, 'fillInMiddle' | 'note'>>;

function model(entry: Entry): CatalogueModel {
  return { fillInMiddle: 'yes', note: null, checksum: 'stated-by-server', ...entry };
}

const dense = (billions: number) => ({ total: billions, active: billions });

/** The smallest first, family by family. */
export const CATALOGUE: readonly CatalogueModel[] = [
  model({
    id: 'qwen2.5-coder-0.5b',
    title: 'Qwen2.5-Coder 0.5B',
    family: 'Qwen2.5-Coder',
    parameters: dense(0.5),
    quantisation: 'Q8_0',
    approximateBytes: 0.53e9,
    licence: APACHE,
    contextLength: 32768,
    uri: 'hf:ggml-org/Qwen2.5-Coder-0.5B-Q8_0-GGUF/qwen2.5-coder-0.5b-q8_0.gguf',
  }),
  model({
    id: 'qwen2.5-coder-1.5b',
    title: 'Qwen2.5-Coder 1.5B',
    family: 'Qwen2.5-Coder',
    parameters: dense(1.5),
    quantisation: 'Q8_0',
    approximateBytes: 1.65e9,
    licence: APACHE,
    contextLength: 32768,
    uri: 'hf:ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF/qwen2.5-coder-1.5b-q8_0.gguf',
  }),
  model({
    id: 'qwen2.5-coder-3b',
    title: 'Qwen2.5-Coder 3B',
    family: 'Qwen2.5-Coder',
    parameters: dense(3.1),
    quantisation: 'Q8_0',
    approximateBytes: 3.3e9,
    licence: QWEN_RESEARCH,
    contextLength: 32768,
    uri: 'hf:ggml-org/Qwen2.5-Coder-3B-Q8_0-GGUF/qwen2.5-coder-3b-q8_0.gguf',
  }),
  model({
    id: 'qwen2.5-coder-7b',
    title: 'Qwen2.5-Coder 7B',
    family: 'Qwen2.5-Coder',
    parameters: dense(7.6),
    quantisation: 'Q8_0',
    approximateBytes: 8.1e9,
    licence: APACHE,
    contextLength: 32768,
    uri: 'hf:ggml-org/Qwen2.5-Coder-7B-Q8_0-GGUF/qwen2.5-coder-7b-q8_0.gguf',
  }),
  model({
    id: 'qwen2.5-coder-14b',
    title: 'Qwen2.5-Coder 14B',
    family: 'Qwen2.5-Coder',
    parameters: dense(14.8),
    quantisation: 'Q4_K_M',
    approximateBytes: 9e9,
    licence: APACHE,
    contextLength: 32768,
    uri: 'hf:bartowski/Qwen2.5-Coder-14B-GGUF/Qwen2.5-Coder-14B-Q4_K_M.gguf',
  }),
  model({
    id: 'qwen3-coder-30b-a3b',
    title: 'Qwen3-Coder 30B-A3B Instruct',
    family: 'Qwen3-Coder',
    parameters: { total: 30.5, active: 3.3 },
    quantisation: 'Q8_0',
    approximateBytes: 32.5e9,
    licence: APACHE,
    contextLength: 262144,
    uri: 'hf:ggml-org/Qwen3-Coder-30B-A3B-Instruct-Q8_0-GGUF/qwen3-coder-30b-a3b-instruct-q8_0.gguf',
    note: 'A mixture of experts: as fast as a 3B model, in the memory of a 30B model.',
  }),
  model({
    id: 'starcoder2-3b',
    title: 'StarCoder2 3B',
    family: 'StarCoder2',
    parameters: dense(3),
    quantisation: 'Q4_K_M',
    approximateBytes: 1.85e9,
    licence: OPENRAIL,
    contextLength: 16384,
    uri: 'hf:second-state/StarCoder2-3B-GGUF/starcoder2-3b-Q4_K_M.gguf',
  }),
  model({
    id: 'deepseek-coder-1.3b',
    title: 'DeepSeek-Coder 1.3B Base',
    family: 'DeepSeek-Coder',
    parameters: dense(1.3),
    quantisation: 'Q4_K_M',
    approximateBytes: 0.874e9,
    licence: DEEPSEEK,
    contextLength: 16384,
    uri: 'hf:TheBloke/deepseek-coder-1.3b-base-GGUF/deepseek-coder-1.3b-base.Q4_K_M.gguf',
    note: 'An early conversion (2023): llama.cpp may warn about its tokeniser.',
  }),
  model({
    id: 'granite-3b-code',
    title: 'Granite 3B Code Base',
    family: 'Granite Code',
    parameters: dense(3.5),
    quantisation: 'Q4_K_M',
    approximateBytes: 2.13e9,
    licence: APACHE,
    contextLength: 2048,
    uri: 'hf:ibm-granite/granite-3b-code-base-2k-GGUF/granite-3b-code-base.Q4_K_M.gguf',
  }),
  model({
    id: 'granite-8b-code',
    title: 'Granite 8B Code Base',
    family: 'Granite Code',
    parameters: dense(8),
    quantisation: 'Q4_K_M',
    approximateBytes: 4.88e9,
    licence: APACHE,
    contextLength: 4096,
    uri: 'hf:ibm-granite/granite-8b-code-base-4k-GGUF/granite-8b-code-base.Q4_K_M.gguf',
  }),
  model({
    id: 'codegemma-1.1-2b',
    title: 'CodeGemma 1.1 2B',
    family: 'CodeGemma',
    parameters: dense(2.5),
    quantisation: 'Q8_0',
    approximateBytes: 2.67e9,
    licence: GEMMA,
    contextLength: 8192,
    uri: 'hf:mmnga/codegemma-1.1-2b-gguf/codegemma-1.1-2b-Q8_0.gguf',
  }),
  model({
    id: 'codestral-22b',
    title: 'Codestral 22B v0.1',
    family: 'Codestral',
    parameters: dense(22.2),
    quantisation: 'Q4_K_M',
    approximateBytes: 13.3e9,
    licence: MISTRAL,
    fillInMiddle: 'prefix-only',
    contextLength: 32768,
    uri: 'hf:bartowski/Codestral-22B-v0.1-GGUF/Codestral-22B-v0.1-Q4_K_M.gguf',
    note: 'Trained to fill in the middle, but llama.cpp does not know its [PREFIX] and [SUFFIX] tokens.',
  }),
];

export function findInCatalogue(id: string): CatalogueModel | undefined {
  return CATALOGUE.find((each) => each.id === id);
}

/** What a catalogue model is called in the models folder. */
export function fileNameOf({ id }: Pick<CatalogueModel, 'id'>): string {
  return `${id}.gguf`;
}
