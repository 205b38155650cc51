import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createEngineClient } from '../../engine/client/create-engine-client.ts';
import type { ClientState, EngineClient } from '../../engine/client/engine-client.ts';
import {
  DEFAULT_CONFIGURATION,
  type CompletionOutcome,
  type CompletionRequest,
  type EngineConfiguration,
  type EngineState,
} from '../../engine/protocol.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const ENGINE = path.join(ROOT, 'dist', 'engine.cjs');
export const CLI = path.join(ROOT, 'dist', 'cli.cjs');

for (const bundle of [ENGINE, CLI]) {
  if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run npm run build first.`);
}

export const CPU: EngineConfiguration = { ...DEFAULT_CONFIGURATION, gpu: 'cpu' };
export const NEVER = new AbortController().signal;

/** A client that remembers every state it saw, and is disposed of after the test. */
export class TestEngine {
  readonly states: ClientState[] = [];
  readonly client: EngineClient;

  constructor() {
    this.client = createEngineClient({
      entry: ENGINE,
      onState: (state) => this.states.push(state),
    });
  }

  async ready(overrides: Partial<EngineConfiguration> = {}): Promise<ReadyState> {
    const state = await this.client.configure({ ...CPU, ...overrides });
    if (state.kind !== 'ready') throw new Error(`not ready: ${JSON.stringify(state)}`);
    return state;
  }

  complete(text: string, overrides: Partial<CompletionRequest> = {}): Promise<CompletionOutcome> {
    return this.client.complete(request(text, overrides), NEVER);
  }

  async waitFor(kind: ClientState['kind'], timeoutMs = 15_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (this.client.state.kind !== kind) {
      if (Date.now() > end) throw new Error(`still ${JSON.stringify(this.client.state)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export type ReadyState = Extract<EngineState, { kind: 'ready' }>;
export type Completed = Extract<CompletionOutcome, { kind: 'completed' }>;

/** `|` marks the cursor. */
export function request(
  text: string,
  overrides: Partial<CompletionRequest> = {},
): CompletionRequest {
  const [prefix = '', suffix = ''] = text.split('|');
  return {
    document: { path: 'sample.ts', languageId: 'typescript', prefix, suffix },
    mode: 'auto',
    maxTokens: 24,
    deadlineMs: null,
    multiline: true,
    streamId: null,
    ...overrides,
  };
}

export function completed(outcome: CompletionOutcome): Completed {
  if (outcome.kind !== 'completed') throw new Error(JSON.stringify(outcome));
  return outcome;
}

/** A folder that the whole test file may use; removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'foretoken-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A copy of a model, damaged by `change`. */
export function damaged(model: string, file: string, change: (bytes: Buffer) => Buffer): string {
  copyFileSync(model, file);
  writeFileSync(file, change(readFileSync(file)));
  return file;
}
