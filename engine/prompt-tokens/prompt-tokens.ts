import type { Calibration } from '../core/tree/calibration.ts';
import type { Accuracies } from '../core/tree/accuracies.ts';

/** What tells a model, and a quantisation of it, from others. */
export interface ModelFingerprint {
  /** Hash of what does not depend on the quantisation: architecture, shapes, last norm. */
  readonly model: string;
  /** Hash of the weights as they are stored: another quantisation has another. */
  readonly weights: string;
}

/** How prompt tokens came about; for people, and for the model card. */
export interface TrainingRecord {
  readonly modelName: string;
  readonly quantisation: string;
  readonly steps: number;
  readonly trainedTokens: number;
  readonly seconds: number;
  /** Mean loss of the last steps, by distance. */
  readonly lossByDistance: readonly number[];
  /** By rank, at each distance whatever came before, as published figures are counted. */
  readonly trained?: Accuracies;
  /** The same of the untrained rows, for comparison. */
  readonly untrained: Accuracies;
  readonly device: string;
  /** ISO date. */
  readonly date: string;
}

/** Trained prompt tokens of one model (PPD section 3), and how good they are. */
export interface PromptTokens {
  /** m. */
  readonly count: number;
  /** E. */
  readonly ensemble: number;
  readonly embeddingLength: number;
  /** m * E rows of `embeddingLength`, row (distance - 1) * E + ensemble. */
  readonly rows: Float32Array;
  /**
   * p(d, r), measured on held-out greedy continuations of the deployed model; a distance counts
   * where the truth was among the first ten guesses at all nearer ones.
   */
  readonly accuracies: Accuracies;
  readonly calibration: Calibration;
  readonly fingerprint: ModelFingerprint;
  readonly record: TrainingRecord;
}
