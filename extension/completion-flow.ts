import { CompletionCache, type CacheKey } from '../engine/core/completion/completion-cache.ts';
import {
  remainingCompletion,
  type ShownCompletion,
} from '../engine/core/completion/current-completion.ts';
import { debounceMs } from '../engine/core/completion/debounce.ts';
import { checkGates, looksBinary, type GateInput } from '../engine/core/completion/gates.ts';
import { firstLine, lastLine } from '../engine/core/completion/lines.ts';
import { postprocess, type Indentation } from '../engine/core/completion/postprocess.ts';
import type { SelectedSuggestion } from '../engine/core/completion/selected-suggestion.ts';
import { LatencyWindow } from '../engine/core/metrics/latency.ts';
import type { ClientState } from '../engine/client/engine-client.ts';
import type { CompletionOutcome, CompletionRequest } from '../engine/protocol.ts';
import type { EngineReport, Outcome, Source, Trigger } from './decision.ts';
import type { HostWorkClock } from './host-work.ts';
import type { Settings } from './parse-settings.ts';
import { withSuggestion, type Snapshot } from './snapshot.ts';
import type { TypingRhythm } from './typing-rhythm.ts';

/** One call of the editor, as plain data and a way to read the document again. */
export interface Ask {
  readonly trigger: Trigger;
  readonly settings: Settings;
  readonly multiline: boolean;
  readonly indentation: Indentation;
  readonly selected: SelectedSuggestion | null;
  readonly selectionCount: number;
  readonly selectionIsEmpty: boolean;
  /** Version of the document that the editor asks for. */
  readonly version: number;
  readonly snapshot: () => Snapshot;
  readonly signal: AbortSignal;
  readonly work: HostWorkClock;
}

/** What the flow needs of the world outside. */
export interface FlowPorts {
  readonly engine: {
    readonly state: ClientState;
    /** Resolves when the engine is neither starting nor loading, or the signal is aborted. */
    settled(signal: AbortSignal): Promise<ClientState>;
    complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionOutcome>;
  };
  readonly rhythm: TypingRhythm;
  /** Resolves early when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
}

export interface FlowResult {
  readonly outcome: Outcome;
  readonly debounceMs: number;
}

/**
 * From a keystroke to what is shown: gates, the suggestion still being typed, the cache, a pause,
 * the engine. Knows nothing of the editor.
 *
 * Invariant: the text of the document is read anew after every wait; nothing is shown that was
 * post-processed against a document of the past.
 */
export class CompletionFlow {
  readonly #ports: FlowPorts;
  readonly #cache = new CompletionCache();
  readonly #engineLatencies = new LatencyWindow(20);
  #shown: (ShownCompletion & { readonly report: EngineReport | null }) | null = null;
  #accepted: { readonly uri: string; readonly cursorOffset: number } | null = null;

  constructor(ports: FlowPorts) {
    this.#ports = ports;
  }

  async decide(ask: Ask): Promise<FlowResult> {
    const here = withSuggestion(ask.snapshot(), ask.selected);
    const gate = checkGates(this.#gateInput(ask, here));
    if (gate.kind === 'skip') return done({ kind: 'skipped', reason: gate.reason });
    const typedThrough = this.#typedThrough(here);
    if (typedThrough) return done(typedThrough);
    const scope = scopeOf(ask, this.#ports.engine.state, gate.multiline);
    const raw = this.#cache.get({ ...here, scope });
    if (raw !== null) return done(this.#conclude(ask, here, raw, 'cache', null));
    return this.#askEngine(ask, here, gate.multiline);
  }

  /** The completion that ends in `text` was accepted: the document now holds it. */
  accepted(text: string): void {
    const shown = this.#shown;
    if (!shown?.text.endsWith(text)) return;
    this.#shown = null;
    if (shown.text.includes('\n')) return;
    this.#accepted = {
      uri: shown.uri,
      cursorOffset: shown.anchorOffset + shown.text.length,
    };
  }

  /** Another document may get the name. */
  closed(uri: string): void {
    if (this.#shown?.uri === uri) this.#shown = null;
    if (this.#accepted?.uri === uri) this.#accepted = null;
  }

  /** Another model, or another process: what was remembered may not be what it would say. */
  forget(): void {
    this.#cache.clear();
    this.#shown = null;
  }

  #gateInput(ask: Ask, here: Snapshot): GateInput {
    return {
      trigger: ask.trigger,
      linePrefix: lastLine(here.prefix),
      lineSuffix: firstLine(here.suffix),
      isLastLine: here.isLastLine,
      documentLengthChars: here.documentLengthChars,
      isBinaryLike: looksBinary(here.prefix) || looksBinary(here.suffix),
      selectionCount: ask.selectionCount,
      selectionIsEmpty: ask.selectionIsEmpty,
      enabled: true,
      languageEnabled: true,
      multilineEnabled: ask.multiline,
      justAccepted: this.#justAccepted(ask, here),
      selectedSuggestion: ask.selected?.text ?? null,
    };
  }

  /**
   * The editor may ask for the next completion before it runs the command that tells of the
   * acceptance; a change that typed all that was left, more than a key can, tells of it too.
   */
  #justAccepted(ask: Ask, here: Snapshot): boolean {
    const shown = this.#shown;
    const typed = this.#ports.rhythm.lastTyped(here.uri, ask.version);
    if (shown !== null && typed.length > 1 && isAllTyped(shown, here)) {
      this.accepted(shown.text);
    }
    const { uri, cursorOffset } = this.#accepted ?? {};
    const isThere = uri === here.uri && cursorOffset === here.cursorOffset;
    if (!isThere) this.#accepted = null;
    return isThere;
  }

  #typedThrough(here: Snapshot): Outcome | null {
    if (this.#shown === null) return null;
    const rest = remainingCompletion(this.#shown, here);
    if (rest === null) return null;
    return { kind: 'shown', source: 'typed-through', ...rest, report: this.#shown.report };
  }

  async #askEngine(ask: Ask, here: Snapshot, multiline: boolean): Promise<FlowResult> {
    const { signal, work } = ask;
    const cancelled = (): boolean => signal.aborted;
    const waitMs = this.#debounce(ask, here);
    if (waitMs > 0) await work.pause(this.#ports.wait(waitMs, signal));
    const result = (outcome: Outcome): FlowResult => ({ outcome, debounceMs: waitMs });
    if (cancelled()) return result({ kind: 'cancelled' });
    const state = await work.pause(this.#ports.engine.settled(signal));
    if (cancelled()) return result({ kind: 'cancelled' });
    if (state.kind === 'failed') return result({ kind: 'failed', error: state.error });
    if (state.kind !== 'ready') return result({ kind: 'skipped', reason: 'engine-restarting' });
    const key = { scope: scopeOf(ask, state, multiline), prefix: here.prefix, suffix: here.suffix };
    return result(await this.#complete(ask, here, key, multiline));
  }

  async #complete(ask: Ask, here: Snapshot, key: CacheKey, multiline: boolean): Promise<Outcome> {
    const asked = this.#ports.now();
    const request = requestFor(ask, here, multiline);
    const answer = await ask.work.pause(this.#ports.engine.complete(request, ask.signal));
    if (answer.kind === 'failed') return { kind: 'failed', error: answer.error };
    if (answer.kind === 'skipped') return { kind: 'skipped', reason: answer.reason };
    if (answer.kind === 'cancelled') return answer;
    const engineMs = this.#ports.now() - asked;
    this.#engineLatencies.add(engineMs);
    this.#cache.set(key, answer.text);
    if (ask.signal.aborted) return { kind: 'cancelled' };
    const { finishReason, mode, modeReason, model, timing, concessions = [] } = answer;
    const report = { finishReason, mode, modeReason, model, timing, concessions, engineMs };
    const now = withSuggestion(ask.snapshot(), ask.selected);
    return this.#conclude(ask, now, answer.text, 'engine', report);
  }

  #conclude(
    ask: Ask,
    here: Snapshot,
    raw: string,
    source: Source,
    report: EngineReport | null,
  ): Outcome {
    const { prefix, suffix, languageId, uri, cursorOffset } = here;
    const { indentation } = ask;
    const processed = postprocess(raw, { prefix, suffix, languageId, indentation });
    if (processed.kind === 'reject') {
      return { kind: 'rejected', source, reason: processed.reason, report };
    }
    const { text, replaceLength } = processed;
    const anchorOffset = cursorOffset;
    this.#shown = { uri, anchorOffset, prefix, suffix, languageId, text, replaceLength, report };
    return { kind: 'shown', source, text, replaceLength, report };
  }

  #debounce(ask: Ask, here: Snapshot): number {
    if (ask.trigger === 'manual') return 0;
    if (ask.settings.debounceMs !== 'auto') return ask.settings.debounceMs;
    const { rhythm } = this.#ports;
    return debounceMs({
      typingIntervalsMs: rhythm.intervalsMs,
      engineLatenciesMs: this.#engineLatencies.values(),
      onBattery: false,
      lastTyped: typedBeforeCursor(here, rhythm.lastTyped(here.uri, ask.version)),
    });
  }
}

function done(outcome: Outcome): FlowResult {
  return { outcome, debounceMs: 0 };
}

/** Everything the raw text depends on beside the text around the cursor. */
function scopeOf({ settings, selected }: Ask, state: ClientState, multiline: boolean): string {
  const model = state.kind === 'ready' ? state.model.path : '';
  const { maxTokens, sampling, latencyBudgetMs } = settings;
  const scope = [model, maxTokens, sampling, latencyBudgetMs, multiline, selected !== null];
  return JSON.stringify(scope);
}

function requestFor({ settings }: Ask, here: Snapshot, multiline: boolean): CompletionRequest {
  const { path, languageId, prefix, suffix } = here;
  const { mode, tree, maxTokens, sampling, deadlineMs, latencyBudgetMs } = settings;
  return {
    document: { path, languageId, prefix, suffix },
    mode,
    ...(mode === 'manual' && { tree }),
    maxTokens,
    sampling,
    deadlineMs,
    latencyBudgetMs,
    multiline,
    streamId: null,
  };
}

function isAllTyped(shown: ShownCompletion, here: Snapshot): boolean {
  return (
    here.uri === shown.uri &&
    here.cursorOffset === shown.anchorOffset + shown.text.length &&
    here.prefix.endsWith(shown.text)
  );
}

/** Editors add closers and indentation to what is typed: what counts is what stands before the cursor. */
function typedBeforeCursor(here: Snapshot, typed: string): string {
  if (typed === '') return '';
  const line = lastLine(here.prefix);
  return typed.includes('\n') && line.trim() === '' ? '\n' : line.slice(-2);
}
