import path from 'node:path';
import { createEngineClient } from '../../../engine/client/create-engine-client.ts';
import type { EngineClient } from '../../../engine/client/engine-client.ts';
import { findInstallation } from '../../../engine/installation.ts';
import {
  DEFAULT_CONFIGURATION,
  type BenchReport,
  type BenchRequest,
  type EngineConfiguration,
  type EngineState,
} from '../../../engine/protocol.ts';

type Ready = Extract<EngineState, { kind: 'ready' }>;

/** An engine process of its own, with what it has loaded. */
export interface EngineRun {
  readonly ready: Ready;
  bench(request: BenchRequest): Promise<BenchReport>;
  dispose(): Promise<void>;
}

export async function startEngine(configuration: Partial<EngineConfiguration>): Promise<EngineRun> {
  const entry = path.join(findInstallation().root, 'dist', 'engine.cjs');
  const client = createEngineClient({ entry });
  const state = await client.configure({ ...DEFAULT_CONFIGURATION, ...configuration });
  if (state.kind !== 'ready') throw new Error(JSON.stringify(state));
  return {
    ready: state,
    bench: (request) => runBench(client, request),
    dispose: () => client.dispose(),
  };
}

async function runBench(client: EngineClient, request: BenchRequest): Promise<BenchReport> {
  const outcome = await client.bench(request, new AbortController().signal, () => undefined);
  if (outcome.kind !== 'completed') throw new Error(JSON.stringify(outcome));
  return outcome.report;
}
