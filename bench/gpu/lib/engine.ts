import { Engine } from '../../../engine/engine.ts';
import { findInstallation } from '../../../engine/installation.ts';
import {
  DEFAULT_CONFIGURATION,
  type EngineState,
  type GpuSetting,
} from '../../../engine/protocol.ts';
import type { Session } from '../../../engine/session.ts';

export interface EngineOptions {
  readonly gpu: GpuSetting;
  /** Path; null = the embedded model. */
  readonly model: string | null;
  /** Where what is measured of the device is kept, from one phase to the next. */
  readonly modelsFolder: string;
}

export interface LoadedEngine {
  readonly engine: Engine;
  readonly session: Session;
  readonly state: Extract<EngineState, { kind: 'ready' }>;
}

/** Runs something in the engine itself, as the editor has it, in this process. */
export async function withEngine<T>(
  { gpu, model, modelsFolder }: EngineOptions,
  use: (loaded: LoadedEngine) => Promise<T>,
): Promise<T> {
  const ignore = (): void => undefined;
  const installation = { ...findInstallation(), modelsFolder };
  const engine = new Engine(installation, { onState: ignore, onLog: ignore });
  try {
    const state = await engine.configure({ ...DEFAULT_CONFIGURATION, gpu, model });
    const { session } = engine;
    if (state.kind !== 'ready' || session === undefined) throw new Error(JSON.stringify(state));
    return await use({ engine, session, state });
  } finally {
    await engine.unload();
  }
}
