import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { GgufFileInfo } from 'node-llama-cpp';
import type { ModelFingerprint } from './prompt-tokens.ts';

type TensorInfo = NonNullable<GgufFileInfo['fullTensorInfo']>[number];

/** What a model's file says of it without being loaded. */
export interface ModelFacts {
  readonly fingerprint: ModelFingerprint;
  /** 0 where the file has no token embeddings. */
  readonly embeddingLength: number;
}

/** Bytes hashed of each sampled tensor, and how many tensors are: a 14 GB file takes milliseconds. */
const SAMPLE_BYTES = 64 * 1024;
const SAMPLED_TENSORS = 16;

/**
 * Quantisations of a model share its shapes and, because norms stay F32, the bytes of its last norm;
 * a fine-tune shares the shapes alone. The stored weights tell quantisations apart.
 *
 * @throws Where the file is no GGUF file or cut short.
 */
export async function readModelFacts(file: string): Promise<ModelFacts> {
  const { readGgufFileInfo } = await import('node-llama-cpp');
  const { metadata, fullTensorInfo = [] } = await readGgufFileInfo(file, {
    sourceType: 'filesystem',
    logWarnings: false,
    ignoreKeys: ['tokenizer.ggml.tokens', 'tokenizer.ggml.merges', 'tokenizer.ggml.scores'],
  });
  const shapes = fullTensorInfo
    .map(({ name, dimensions }) => `${name}:${dimensions.join('x')}`)
    .toSorted();
  // Of a model in several files, the first is looked into.
  const here = fullTensorInfo.filter(({ filePart }) => filePart === 1);
  const norm = here.filter(({ name }) => name === 'output_norm.weight');
  const step = Math.max(1, Math.floor(here.length / SAMPLED_TENSORS));
  const sample = here.filter((_, index) => index % step === 0);
  const types = fullTensorInfo.map(({ ggmlType }) => ggmlType);
  const embeddings = fullTensorInfo.find(({ name }) => name === 'token_embd.weight');
  const handle = await open(file);
  try {
    return {
      fingerprint: {
        model: await hash(handle, norm, [metadata.general.architecture, ...shapes]),
        weights: await hash(handle, sample, types),
      },
      embeddingLength: Number(embeddings?.dimensions[0] ?? 0),
    };
  } finally {
    await handle.close();
  }
}

export async function fingerprintModel(file: string): Promise<ModelFingerprint> {
  return (await readModelFacts(file)).fingerprint;
}

async function hash(
  handle: FileHandle,
  tensors: readonly TensorInfo[],
  facts: readonly (string | number)[],
): Promise<string> {
  const digest = createHash('sha256').update(facts.join('\n'));
  for (const { fileOffset } of tensors) {
    const bytes = Buffer.alloc(SAMPLE_BYTES);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, Number(fileOffset));
    digest.update(bytes.subarray(0, bytesRead));
  }
  return digest.digest('hex');
}

/** Whether prompt tokens trained for one model serve another. */
export function compatibility(
  trained: ModelFingerprint,
  loaded: ModelFingerprint,
): 'same' | 'other-quantisation' | 'other-model' {
  if (trained.model !== loaded.model) return 'other-model';
  return trained.weights === loaded.weights ? 'same' : 'other-quantisation';
}
