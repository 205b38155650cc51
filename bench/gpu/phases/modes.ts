/** Every mode that a model has, beside plain decoding: speed, and the same text. Through the engine's own bench. */
import { runBench } from '../../../engine/bench.ts';
import { Engine } from '../../../engine/engine.ts';
import { findInstallation } from '../../../engine/installation.ts';
import {
  DEFAULT_CONFIGURATION,
  type BenchPrompt,
  type DecodingModeSetting,
  type GpuSetting,
} from '../../../engine/protocol.ts';

export interface ModeOptions {
  readonly gpu: GpuSetting;
  /** Path; null = the embedded model. */
  readonly model: string | null;
  readonly prompts: readonly BenchPrompt[];
  readonly maxTokens: number;
  readonly runs: number;
}

export async function measureModes({ gpu, model, prompts, maxTokens, runs }: ModeOptions) {
  const ignore = (): void => undefined;
  const engine = new Engine(findInstallation(), { onState: ignore, onLog: ignore });
  const state = await engine.configure({ ...DEFAULT_CONFIGURATION, gpu, model });
  const { session } = engine;
  if (state.kind !== 'ready' || session === undefined) throw new Error(JSON.stringify(state));
  const available = state.modes.filter(({ unsupportedReason }) => unsupportedReason === null);
  const modes: readonly DecodingModeSetting[] = [...available.map(({ mode }) => mode), 'auto'];
  const { fillInMiddle } = state.model;
  try {
    const report = await runBench(
      { session, request: { prompts, modes, maxTokens, runs }, fillInMiddle },
      new AbortController().signal,
      ignore,
    );
    return {
      device: state.device,
      warnings: state.warnings,
      model: state.model.name,
      unavailable: state.modes.filter(({ unsupportedReason }) => unsupportedReason !== null),
      settings: { maxTokens, runs, prompts: prompts.length },
      report,
    };
  } finally {
    await engine.unload();
  }
}
