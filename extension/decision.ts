import type { GateReason, RejectReason } from '../engine/core/completion/reasons.ts';
import type {
  CompletedCompletion,
  Concession,
  EngineError,
  SkipReason,
} from '../engine/protocol.ts';

export type Trigger = 'automatic' | 'manual';

/** Where a completion came from. */
export type Source = 'typed-through' | 'cache' | 'engine';

/** Why the extension itself did not ask, beside the gates. */
export type HostSkipReason = 'excluded-file' | 'no-document' | 'manual-only' | 'engine-restarting';

/** What the engine said of a completion, without its text. */
export type EngineReport = Pick<
  CompletedCompletion,
  'finishReason' | 'mode' | 'modeReason' | 'model' | 'timing'
> & {
  /** What was given up for the latency budget. */
  readonly concessions: readonly Concession[];
  /** From asking to the answer. */
  readonly engineMs: number;
};

/** What became of one keystroke. */
export type Outcome =
  | {
      readonly kind: 'shown';
      readonly source: Source;
      /** What goes at the cursor, with LF line ends. */
      readonly text: string;
      /** Characters after the cursor that the text replaces. */
      readonly replaceLength: number;
      /** Of the request that the text goes back to; null: no longer known. */
      readonly report: EngineReport | null;
    }
  | {
      readonly kind: 'rejected';
      readonly source: Source;
      readonly reason: RejectReason;
      readonly report: EngineReport | null;
    }
  | { readonly kind: 'skipped'; readonly reason: GateReason | HostSkipReason | SkipReason }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: EngineError };

/** An outcome with the place and the times: what "Why this completion?" shows. */
export interface Decision {
  readonly id: number;
  readonly uri: string;
  readonly languageId: string;
  /** From 0. */
  readonly line: number;
  readonly trigger: Trigger;
  readonly outcome: Outcome;
  /** From the editor's call to the answer. */
  readonly totalMs: number;
  /** Of that, the wait for the next keystroke. */
  readonly debounceMs: number;
  /** Of that, what the extension host was busy with. */
  readonly hostWorkMs: number;
}

const DECISIONS_MAX = 100;

/** The last decisions, newest last. */
export class Decisions {
  readonly #decisions: Decision[] = [];

  get all(): readonly Decision[] {
    return this.#decisions;
  }

  add(decision: Decision): void {
    this.#decisions.push(decision);
    if (this.#decisions.length > DECISIONS_MAX) this.#decisions.shift();
  }

  /** A new document may get the name of one that is closed. */
  closed(uri: string): void {
    const kept = this.#decisions.filter((decision) => decision.uri !== uri);
    this.#decisions.splice(0, this.#decisions.length, ...kept);
  }

  /** The last one for a document; what the next keystroke cancelled says nothing and is left out. */
  lastFor(uri: string): Decision | undefined {
    return this.#decisions.findLast((d) => d.uri === uri && d.outcome.kind !== 'cancelled');
  }
}
