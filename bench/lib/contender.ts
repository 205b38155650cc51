/** One answer to one request, timed from the request on. */
export interface Measurement {
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly tokens: number;
  /** Those that came after the first ones, in the rest of the time. */
  readonly decodedTokens: number;
  /** Prompt tokens that were not found in the K/V cache. */
  readonly evaluatedTokens: number;
}

/** With what was written, to see whether two systems wrote the same. */
export interface TextMeasurement extends Measurement {
  readonly text: string;
}

export interface CompletionTask {
  readonly prefix: string;
  readonly suffix: string;
  readonly maxTokens: number;
  /** End with the first line. */
  readonly singleLine: boolean;
}

/** A system that completes code, measured against the others in the same run. */
export interface Contender<Result extends Measurement = Measurement> {
  readonly name: string;
  /** Forgets all K/V. */
  reset(): Promise<void>;
  /** Forgets what it wrote, where that would help it with the same request in another round. */
  forget?(): Promise<void>;
  complete(task: CompletionTask): Promise<Result>;
  dispose(): Promise<void>;
}
