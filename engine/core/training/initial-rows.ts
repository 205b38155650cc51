import { at } from '../tree/at.ts';

export interface EmbeddingSample {
  /** Some rows of the embedding matrix, one after the other. */
  readonly embeddings: Float32Array;
  readonly embeddingLength: number;
}

/** Root mean square of all elements: the scale that learning rates are relative to. */
export function embeddingScale({ embeddings }: EmbeddingSample): number {
  return Math.sqrt(embeddings.reduce((sum, value) => sum + value * value, 0) / embeddings.length);
}

/** Share of the embeddings' scale by which rows of an ensemble differ at the start. */
const NOISE = 0.1;

/**
 * Where training begins: the mean embedding in every row. Rows of an ensemble (E > 1) that began
 * alike would stay alike, so these get a little noise each.
 *
 * @returns m x E rows.
 */
export function initialRows(
  sample: EmbeddingSample,
  { count, ensemble }: { readonly count: number; readonly ensemble: number },
  random: () => number,
): Float32Array {
  const { embeddings, embeddingLength } = sample;
  const rowCount = embeddings.length / embeddingLength;
  const mean = new Float64Array(embeddingLength);
  embeddings.forEach((value, index) => {
    const column = index % embeddingLength;
    mean[column] = at(mean, column) + value / rowCount;
  });
  const noise = ensemble === 1 ? 0 : NOISE * Math.sqrt(3) * embeddingScale(sample);
  return Float32Array.from(
    { length: count * ensemble * embeddingLength },
    (_, index) => at(mean, index % embeddingLength) + noise * (2 * random() - 1),
  );
}
