import { CompletionFlow, type Ask, type FlowResult } from '../../../extension/completion-flow.ts';
import type { Outcome } from '../../../extension/decision.ts';
import { HostWork } from '../../../extension/host-work.ts';
import { parseSettings } from '../../../extension/parse-settings.ts';
import type { Snapshot } from '../../../extension/snapshot.ts';
import { TypingRhythm } from '../../../extension/typing-rhythm.ts';
import type { ClientState } from '../../../engine/client/engine-client.ts';
import type {
  CompletionOutcome,
  CompletionRequest,
  LoadedModel,
} from '../../../engine/protocol.ts';

const MODEL: LoadedModel = {
  name: 'fake',
  path: '/fake.gguf',
  sizeBytes: 1,
  embedded: true,
  architecture: 'qwen2',
  description: '',
  parameterCount: 1,
  contextLength: 512,
  fillInMiddle: true,
};

export const READY: ClientState = {
  kind: 'ready',
  model: MODEL,
  device: { backend: 'cpu', name: 'fake', memoryBytes: 0, threads: 1 },
  warnings: [],
  modes: [],
};

/** Answers with the text, at once or when told. */
export class FakeEngine {
  state: ClientState = READY;
  readonly requests: CompletionRequest[] = [];
  answer: (request: CompletionRequest, signal: AbortSignal) => Promise<CompletionOutcome>;

  constructor(text: string) {
    this.answer = () => Promise.resolve(completed(text));
  }

  settled(): Promise<ClientState> {
    return Promise.resolve(this.state);
  }

  complete(request: CompletionRequest, signal: AbortSignal): Promise<CompletionOutcome> {
    this.requests.push(request);
    return this.answer(request, signal);
  }
}

export function completed(text: string, modeReason: string | null = null): CompletionOutcome {
  return {
    kind: 'completed',
    text,
    finishReason: 'end-of-text',
    mode: 'plain',
    modeReason,
    model: MODEL.name,
    timing: {
      promptTokens: 10,
      reusedTokens: 0,
      prefillMs: 1,
      decodeMs: 1,
      decodedTokens: 1,
      tokens: 2,
      steps: 2,
      tokensPerStep: 1,
      tokensPerSecond: 100,
    },
  };
}

/** A flow with a fake engine and no time. */
export class Bench {
  readonly engine: FakeEngine;
  readonly rhythm = new TypingRhythm();
  readonly waits: number[] = [];
  readonly flow: CompletionFlow;

  constructor(text: string) {
    this.engine = new FakeEngine(text);
    this.flow = new CompletionFlow({
      engine: this.engine,
      rhythm: this.rhythm,
      wait: (ms) => {
        this.waits.push(ms);
        return Promise.resolve();
      },
      now: () => 0,
    });
  }

  decide(text: string, ask: Partial<Ask> = {}): Promise<FlowResult> {
    return this.flow.decide({ ...askFor(text), ...ask });
  }

  async outcome(text: string, ask: Partial<Ask> = {}): Promise<Outcome> {
    return (await this.decide(text, ask)).outcome;
  }
}

/** A document with the cursor at the bar. */
export function snapshotOf(text: string): Snapshot {
  const [prefix = '', suffix = ''] = text.split('|');
  return {
    uri: 'file:///a.ts',
    path: 'a.ts',
    languageId: 'typescript',
    prefix,
    suffix,
    cursorOffset: prefix.length,
    documentLengthChars: prefix.length + suffix.length,
    isLastLine: !suffix.includes('\n'),
  };
}

function askFor(text: string): Ask {
  return {
    trigger: 'automatic',
    settings: parseSettings(() => undefined).settings,
    multiline: true,
    indentation: { insertSpaces: true, tabSize: 2 },
    selected: null,
    selectionCount: 1,
    selectionIsEmpty: true,
    version: 1,
    snapshot: () => snapshotOf(text),
    signal: new AbortController().signal,
    work: new HostWork(() => 0).begin(),
  };
}

/** In one line: what is shown, or why nothing is. */
export function told(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'shown':
      return `${outcome.source}: ${JSON.stringify(outcome.text)}`;
    case 'failed':
      return `failed: ${outcome.error.code}`;
    case 'cancelled':
      return 'cancelled';
    case 'rejected':
    case 'skipped':
      return `${outcome.kind}: ${outcome.reason}`;
  }
}
