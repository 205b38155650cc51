import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { EngineFailure } from '../../engine-failure.ts';
import { acquireLock } from '../../models/lock.ts';
import type { ModelSummary, TrainRequest } from '../../protocol.ts';
import { promptTokenTarget } from '../find-prompt-tokens.ts';
import type { ModelFingerprint } from '../prompt-tokens.ts';
import {
  CheckpointError,
  checkpointPath,
  readCheckpoint,
  type Checkpoint,
} from './checkpoint.ts';

export interface TrainingTarget {
  readonly file: string;
  readonly checkpoint: string;
  /** Lets another process train for this file. */
  release(): Promise<void>;
}

/** @throws EngineFailure where the file cannot be written, or another process is at it. */
export async function takeTarget(
  out: string | null,
  summary: ModelSummary,
  modelsFolder: string,
): Promise<TrainingTarget> {
  const file = out === null ? await promptTokenTarget(summary, modelsFolder) : path.resolve(out);
  await access(path.dirname(file), constants.W_OK).catch(() => {
    throw new EngineFailure(
      'invalid-request',
      `${file} cannot be written: name a file in a folder that exists and is yours.`,
    );
  });
  const checkpoint = checkpointPath(file);
  const release = await acquireLock(`${checkpoint}.lock`);
  if (release === null) {
    throw new EngineFailure(
      'training-failed',
      `Prompt tokens for ${summary.name} are being trained already, by another window or terminal.`,
    );
  }
  return { file, checkpoint, release };
}

/**
 * The checkpoint to go on from; null where the user did not ask for it.
 *
 * @throws EngineFailure where there is none, or one of another model.
 */
export async function findCheckpoint(
  file: string,
  { resume }: Pick<TrainRequest, 'resume'>,
  fingerprint: ModelFingerprint,
): Promise<Checkpoint | null> {
  if (!resume) return null;
  const checkpoint = await readCheckpoint(file).catch((error: unknown) => {
    if (!(error instanceof CheckpointError)) throw error;
    throw new EngineFailure('training-failed', error.message);
  });
  if (checkpoint === null) {
    throw new EngineFailure(
      'invalid-request',
      `There is no training to go on with (${file}): train without resuming.`,
    );
  }
  const { model, weights } = checkpoint.fingerprint;
  if (model !== fingerprint.model || weights !== fingerprint.weights) {
    throw new EngineFailure(
      'training-failed',
      `The checkpoint ${file} is of another model: train without resuming.`,
    );
  }
  return checkpoint;
}
