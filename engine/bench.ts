import { createHash } from 'node:crypto';
import { reportMode, type ModeReport } from './core/bench/report.ts';
import type { BenchSample, PromptFacts } from './core/bench/sample.ts';
import type { BenchProgress, BenchPrompt, BenchRequest, DecodingModeSetting } from './protocol.ts';
import type { Continuation, Session } from './session.ts';

export interface BenchInput {
  readonly session: Session;
  readonly request: BenchRequest;
  /** Whether the model sees a prompt's suffix. */
  readonly fillInMiddle: boolean;
}

/**
 * Decodes every prompt in every mode, `runs` times, the modes taking turns so that whatever else the
 * machine does falls on all of them alike. One unmeasured round warms up.
 *
 * @returns A report per mode, or null when cancelled.
 */
export async function runBench(
  { session, request, fillInMiddle }: BenchInput,
  signal: AbortSignal,
  onProgress: (progress: BenchProgress) => void,
): Promise<Readonly<Record<string, ModeReport>> | null> {
  const modes = [...new Set<DecodingModeSetting>(['plain', ...request.modes])];
  const samples = new Map<DecodingModeSetting, BenchSample[]>(modes.map((mode) => [mode, []]));
  const total = request.prompts.length * request.runs * modes.length;
  let done = 0;
  const continued = (prompt: number, mode: DecodingModeSetting): Promise<Continuation | null> => {
    const { prompt: prefix = '', suffix = '', language = '' } = request.prompts[prompt] ?? {};
    const decoding = { mode, tree: request.tree, languageId: language };
    return session.continueText({ prefix, suffix }, decoding, request.maxTokens, signal);
  };
  const decode = async (
    prompt: number,
    run: number,
    mode: DecodingModeSetting,
  ): Promise<boolean> => {
    const result = await continued(prompt, mode);
    if (result === null) return false;
    samples.get(mode)?.push(sampleOf(prompt, run, result));
    done += 1;
    onProgress({ done, total });
    return true;
  };

  for (const mode of modes) {
    await continued(0, mode);
  }
  for (let run = 0; run < request.runs; run += 1) {
    for (const prompt of request.prompts.keys()) {
      const turn = run % 2 === 0 ? modes : modes.toReversed();
      for (const mode of turn) if (!(await decode(prompt, run, mode))) return null;
    }
  }
  const plain = samples.get('plain') ?? [];
  const prompts = request.prompts.map((each) => factsOf(each, fillInMiddle));
  const predicted = (mode: DecodingModeSetting): number | null =>
    mode === 'auto' || mode === 'manual' ? null : session.decoding.promisedTau(mode);
  return Object.fromEntries(
    [...samples].map(([mode, measured]) => [
      mode,
      reportMode(measured, plain, {
        prompts,
        predictedAcceptanceLength: predicted(mode),
        sha256,
      }),
    ]),
  );
}

function sampleOf(prompt: number, run: number, result: Continuation): BenchSample {
  const { tokens, margins, firstLineMs, timing } = result;
  const stepLog = result.steps.map(({ tokens: { length }, guessed = 0 }) => ({
    guessed: Math.max(guessed, length - 1),
    accepted: length - 1,
  }));
  const { decodeMs, steps } = timing;
  return { prompt, run, tokens, margins, steps, stepLog, decodeMs, firstLineMs };
}

function factsOf({ suffix, language }: BenchPrompt, fillInMiddle: boolean): PromptFacts {
  const kind = suffix !== undefined && fillInMiddle ? 'fill-in-middle' : 'prefix';
  return { kind, language: language ?? null };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
