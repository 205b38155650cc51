import { embeddingScale, initialRows } from '../../core/training/initial-rows.ts';
import { randomAt } from '../../core/training/random.ts';
import { MOST_SEQUENCES } from '../../core/tree/layout-tree.ts';
import { EngineFailure, toEngineError } from '../../engine-failure.ts';
import type { NativeAddon, NativeContext, NativeModel, PromptTrainer } from '../../native/addon.d.ts';
import type { DeviceInfo, ModelSummary } from '../../protocol.ts';
import { MEASURE_ROWS } from './measure-guesses.ts';
import { STREAMS, WINDOW_TOKENS, windowInsertions, type TrainingSettings } from './settings.ts';

/** What the engine lends to a training. */
export interface LoadedForTraining {
  readonly addon: Pick<NativeAddon, 'writeGguf'>;
  readonly model: NativeModel;
  readonly summary: ModelSummary;
  readonly device: DeviceInfo;
  readonly flashAttention: boolean;
  readonly modelsFolder: string;
}

/** What a training opens, beside the session that completes meanwhile. */
export interface OpenTraining {
  readonly trainer: PromptTrainer;
  readonly context: NativeContext;
  readonly windowLength: number;
  /** Rows to begin with. */
  readonly rows: Float32Array;
  /** Root mean square of the model's embeddings. */
  readonly scale: number;
  close(): Promise<void>;
}

/** A model for less is no model of text. */
const LEAST_WINDOW_TOKENS = 32;

const BATCH_TOKENS = 256;

/** Embeddings that the mean is taken of. */
const SAMPLED_EMBEDDINGS = 8192;

/** @throws EngineFailure with one clear message where prompt tokens cannot be trained for the model. */
export async function openTraining(
  { model, summary, device, flashAttention }: LoadedForTraining,
  settings: TrainingSettings,
): Promise<OpenTraining> {
  const { promptTokens: count, ensemble, seed } = settings;
  const windowLength = Math.min(WINDOW_TOKENS, model.info.trainedContextLength);
  const { threads } = device;
  if (windowLength < LEAST_WINDOW_TOKENS + count) throw cannotTrain(summary, 'its context is too short');
  const trainer = await model
    .createPromptTrainer({ count, ensemble, windowLength, insertions: windowInsertions(settings), threads })
    .catch((error: unknown) => {
      throw explained(summary, error);
    });
  const rowsAtOnce = Math.max(MEASURE_ROWS, 1 + count * ensemble);
  let context: NativeContext | null = null;
  const close = async (): Promise<void> => {
    await trainer.dispose();
    await context?.dispose();
  };
  try {
    context = await model.createContext({
      contextLength: windowLength + rowsAtOnce,
      batchSize: Math.max(BATCH_TOKENS, rowsAtOnce),
      outputRows: rowsAtOnce,
      threads,
      batchThreads: threads,
      sequences: Math.min(MOST_SEQUENCES, rowsAtOnce),
      flashAttention,
    });
    if (!context.supportsTrees) throw cannotTrain(summary, 'it cannot decode trees');
    const sample = await sampleEmbeddings(model);
    const rows = initialRows(sample, { count, ensemble }, randomAt(seed, STREAMS.start));
    context.setPromptEmbeddings(rows);
    return { trainer, context, windowLength, rows, scale: embeddingScale(sample), close };
  } catch (error) {
    await close();
    throw explained(summary, error);
  }
}

async function sampleEmbeddings(model: NativeModel) {
  const { vocabularySize, embeddingLength } = model.info;
  const step = Math.max(1, Math.floor(vocabularySize / SAMPLED_EMBEDDINGS));
  const ids = Int32Array.from(
    { length: Math.min(SAMPLED_EMBEDDINGS, vocabularySize) },
    (_, index) => index * step,
  );
  return { embeddings: await model.tokenEmbeddings(ids), embeddingLength };
}

function explained(summary: ModelSummary, error: unknown): EngineFailure {
  if (error instanceof EngineFailure) return error;
  const { code, message } = toEngineError(error);
  if (code === 'model-unsupported') return cannotTrain(summary, message);
  return new EngineFailure(code, message);
}

function cannotTrain({ name }: ModelSummary, reason: string): EngineFailure {
  return new EngineFailure(
    'model-unsupported',
    `Prompt tokens cannot be trained for ${name} (${reason.replace(/\.$/, '')}): it works without, or choose another model.`,
  );
}
