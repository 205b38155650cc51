/** Every mode that a model has, beside plain decoding: speed, and the same text. Through the engine's own bench. */
import { runBench } from '../../../engine/bench.ts';
import type { BenchPrompt, DecodingModeSetting } from '../../../engine/protocol.ts';
import { withEngine, type EngineOptions } from '../lib/engine.ts';

export interface ModeOptions extends EngineOptions {
  readonly prompts: readonly BenchPrompt[];
  readonly maxTokens: number;
  readonly runs: number;
}

export async function measureModes({ prompts, maxTokens, runs, ...options }: ModeOptions) {
  return withEngine(options, async ({ engine, session, state }) => {
    const available = state.modes.filter(({ unsupportedReason }) => unsupportedReason === null);
    const modes: readonly DecodingModeSetting[] = [...available.map(({ mode }) => mode), 'auto'];
    const report = await runBench(
      {
        session,
        request: { prompts, modes, maxTokens, runs },
        fillInMiddle: state.model.fillInMiddle,
      },
      new AbortController().signal,
      () => undefined,
    );
    return {
      device: state.device,
      warnings: state.warnings,
      model: state.model.name,
      /** Whether trees were built for what passes cost here, or for what they are assumed to. */
      tuned: (engine.tuning?.measurement ?? null) !== null,
      unavailable: state.modes.filter(({ unsupportedReason }) => unsupportedReason !== null),
      settings: { maxTokens, runs, prompts: prompts.length },
      report,
    };
  });
}
