/**
 * What the engine makes of this device: its own table of passes, what follows from it, and what mode
 * `auto` then does, completion by completion, beside plain decoding of the same prompts.
 */
import type { BenchPrompt } from '../../../engine/protocol.ts';
import type { Session } from '../../../engine/session.ts';
import { withEngine, type EngineOptions, type LoadedEngine } from '../lib/engine.ts';

export interface TuningOptions extends EngineOptions {
  readonly prompts: readonly BenchPrompt[];
  readonly maxTokens: number;
  /** Times that each prompt comes up: `auto` learns meanwhile. */
  readonly rounds: number;
}

const NEVER = new AbortController().signal;

export async function measureTuning({ prompts, maxTokens, rounds, ...options }: TuningOptions) {
  return withEngine(options, async (loaded) => {
    const { session, state } = loaded;
    const tuning = await tune(loaded);
    const { decoding } = session;
    return {
      device: state.device,
      warnings: state.warnings,
      model: state.model.name,
      tuning,
      promisedTau: {
        'ppd-paper': decoding.promisedTau('ppd-paper'),
        'ppd-static': decoding.promisedTau('ppd-static'),
      },
      forecast: decoding.autoForecast,
      settings: { maxTokens, rounds, prompts: prompts.length },
      auto: await sampleAuto(session, { prompts, maxTokens, rounds }),
      /** By what has been measured of the draft by then. */
      forecastAfterwards: decoding.autoForecast,
    };
  });
}

async function tune({ engine }: LoadedEngine) {
  const outcome = await engine.tuning?.tune(NEVER, () => undefined);
  if (outcome?.kind !== 'completed') throw new Error(JSON.stringify(outcome ?? 'no trees'));
  const { file, ...result } = outcome.result;
  return { ...result, kept: file !== null };
}

/** Plain decoding and `auto` take turns, so that whatever else the machine does falls on both. */
async function sampleAuto(
  session: Session,
  { prompts, maxTokens, rounds }: Pick<TuningOptions, 'prompts' | 'maxTokens' | 'rounds'>,
) {
  const samples = [];
  await decode(session, prompts[0], 'plain', maxTokens);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, prompt] of prompts.entries()) {
      const plain = await decode(session, prompt, 'plain', maxTokens);
      const auto = await decode(session, prompt, 'auto', maxTokens);
      const { language = null } = prompt;
      samples.push({
        prompt: index,
        language,
        tokens: auto.timing.tokens,
        /** What most of the tokens came from, and what every method is known to take by then. */
        mode: auto.used.mode,
        reason: auto.used.modeReason,
        tokensPerStep: auto.timing.tokensPerStep,
        decodeMs: auto.timing.decodeMs,
        plainDecodeMs: plain.timing.decodeMs,
      });
    }
  }
  return samples;
}

async function decode(
  session: Session,
  { prompt: prefix = '', suffix = '', language = '' }: Partial<BenchPrompt> = {},
  mode: 'plain' | 'auto',
  maxTokens: number,
) {
  const decoding = { mode, languageId: language };
  const run = await session.continueText({ prefix, suffix }, decoding, maxTokens, NEVER);
  if (run === null) throw new Error('A decode that nobody cancelled was cancelled.');
  return run;
}
