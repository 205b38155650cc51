import type { ClientState } from '../engine/client/engine-client.ts';
import type { BenchView } from './benchmark/view.ts';
import type { Decision } from './decision.ts';

/** What `activate` returns: for tests and benchmarks, not for other extensions. */
export interface ForetokenApi {
  readonly testing: TestingApi;
}

export interface TestingApi {
  /** The last decisions, newest last. */
  readonly decisions: readonly Decision[];
  /** Milliseconds from keystroke to answer of the last completions that the engine gave. */
  readonly latencySamplesMs: readonly number[];
  /** Milliseconds of work in the extension host, per keystroke. */
  readonly hostWorkSamplesMs: readonly number[];
  readonly engineState: ClientState;
  readonly enginePid: number | undefined;
  /** Completions asked of the engine. */
  readonly engineRequests: number;
  /** Completions accepted. */
  readonly acceptedCount: number;
  /** Failure messages shown since the engine last worked. */
  readonly failuresTold: readonly string[];
  readonly statusBarText: string;
  readonly languageStatusText: string;
  /** The figures at the end of a line now; undefined: none. */
  readonly inlineLatency: string | undefined;
  /** The last report of "Why this completion?". */
  readonly explanation: string;
  /** What the benchmark's page shows; undefined: there is none. */
  readonly benchmark: BenchView | undefined;
}
