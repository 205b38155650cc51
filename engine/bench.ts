import { reportMode, type BenchSample } from './core/bench/report.ts';
import type { ModeReport } from './core/bench/report.ts';
import type { BenchProgress, BenchRequest, DecodingModeSetting } from './protocol.ts';
import type { Session } from './session.ts';

/**
 * Decodes every prompt in every mode, `runs` times, the modes taking turns so that whatever else the
 * machine does falls on all of them alike. One unmeasured round warms up.
 *
 * @returns A report per mode, or null when cancelled.
 */
export async function runBench(
  session: Session,
  request: BenchRequest,
  signal: AbortSignal,
  onProgress: (progress: BenchProgress) => void,
): Promise<Readonly<Record<string, ModeReport>> | null> {
  const modes = [...new Set<DecodingModeSetting>(['plain', ...request.modes])];
  const samples = new Map<DecodingModeSetting, BenchSample[]>(modes.map((mode) => [mode, []]));
  const total = request.prompts.length * request.runs * modes.length;
  let done = 0;
  const decode = async (
    prompt: number,
    run: number,
    mode: DecodingModeSetting,
  ): Promise<boolean> => {
    const { prompt: prefix = '', suffix = '' } = request.prompts[prompt] ?? {};
    const result = await session.continueText({ prefix, suffix }, mode, request.maxTokens, signal);
    if (result === null) return false;
    const { decodeMs, steps } = result.timing;
    const { tokens, margins } = result;
    samples.get(mode)?.push({ prompt, run, tokens, margins, steps, decodeMs });
    done += 1;
    onProgress({ done, total });
    return true;
  };

  for (const mode of modes) {
    const { prompt: prefix = '', suffix = '' } = request.prompts[0] ?? {};
    await session.continueText({ prefix, suffix }, mode, request.maxTokens, signal);
  }
  for (let run = 0; run < request.runs; run += 1) {
    for (const prompt of request.prompts.keys()) {
      const turn = run % 2 === 0 ? modes : modes.toReversed();
      for (const mode of turn) if (!(await decode(prompt, run, mode))) return null;
    }
  }
  const plain = samples.get('plain') ?? [];
  return Object.fromEntries(
    [...samples].map(([mode, measured]) => [mode, reportMode(measured, plain)]),
  );
}
