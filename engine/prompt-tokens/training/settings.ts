/** What the user decides about a training. */
export interface TrainingSettings {
  /** m. */
  readonly promptTokens: number;
  /** E. */
  readonly ensemble: number;
  /** Whichever of the two comes first ends the training. */
  readonly steps: number;
  /** Of work; waiting for completions counts too. */
  readonly seconds: number;
  /** Of everything random. */
  readonly seed: number;
}

/** Weight of a distance in the loss against the one before it (PPD section 3.1). */
export const DISTANCE_DECAY = 0.8;

/** Longest gradient of a step; PPD's. */
export const GRADIENT_LENGTH = 1;

/**
 * Highest learning rate as a share of the embeddings' root mean square. 0.2 to 1 come about as far
 * (PPD's 1e-2 is 0.6 of that of its models); below 0.1 rows do not get away from the mean embedding.
 */
export const RELATIVE_RATE = 0.5;

/** Tokens of a window. Longer ones cost more; whether they teach more was not tried. */
export const WINDOW_TOKENS = 256;

/**
 * Insertions of one step. Windows are added until there are so many. Few: for the same work many small
 * steps came further than few large ones.
 */
export const STEP_INSERTIONS = 32;

/** Rows of prompt tokens in one gradient: each has logits over the whole vocabulary. */
const GRADIENT_ROWS = 192;
const MOST_WINDOW_INSERTIONS = 64;

/** R: insertions of one window. */
export function windowInsertions({
  promptTokens,
  ensemble,
}: Pick<TrainingSettings, 'promptTokens' | 'ensemble'>): number {
  const fitting = Math.floor(GRADIENT_ROWS / (promptTokens * ensemble));
  return Math.min(MOST_WINDOW_INSERTIONS, Math.max(1, fitting));
}

/** Windows that training comes back to once it has seen them all. */
export const POOL_WINDOWS = 512;

/**
 * Share of windows that the model has continued itself. With text as it is found for half of them,
 * the embedded model's first guesses were right in 25 of 100 cases; in 32 with its own alone, at a
 * rate somewhat different.
 */
export const SELF_SHARE = 1;

/** Held-out windows of a look while training. */
export const LOOK_WINDOWS = 6;

/** Held-out windows of the figures at the end: as many as steps, within bounds. */
export function finalWindows(steps: number): number {
  return Math.min(48, Math.max(8, steps));
}

/** What random numbers are for, beside the seed: no two uses draw the same. */
export const STREAMS = { training: 1, heldOut: 2, insertions: 3, start: 4 } as const;
