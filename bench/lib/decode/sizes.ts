import { DEFAULT_TREE_SETTINGS } from '../../../engine/core/decode/tree-settings.ts';
import { optimalTrees } from '../../../engine/core/tree/optimal-tree.ts';
import type { PromptTokens } from '../../../engine/prompt-tokens/prompt-tokens.ts';
import type { BenchPrompt, PassLatency } from '../../../engine/protocol.ts';
import type { EngineRun } from './engine-run.ts';

/** Rows of a pass that the optimal fixed tree is held to. */
const BUDGETS = [2, 3, 4, 6, 8, 12, 16] as const;

export interface SizeResult {
  readonly rows: number;
  readonly predictedTau: number;
  /** Over plain decoding by tau(n) / L(n); null where L(n) was not measured. */
  readonly predictedSpeedup: number | null;
  readonly measuredTau: number;
  readonly measuredSpeedup: {
    readonly median: number;
    readonly low: number;
    readonly high: number;
  };
}

/** Fixed trees of growing size: what was foreseen beside what came. */
export async function compareSizes(
  engine: EngineRun,
  prompts: readonly BenchPrompt[],
  promptTokens: PromptTokens,
  run: { readonly maxTokens: number; readonly runs: number },
): Promise<readonly SizeResult[]> {
  const results: SizeResult[] = [];
  for (const rows of BUDGETS) {
    const tree = { ...DEFAULT_TREE_SETTINGS, nodeBudget: rows, adaptive: false, ngram: false };
    const report = await engine.bench({ ...run, prompts, modes: ['manual'], tree });
    const measured = report.modes['manual'];
    if (measured === undefined) throw new Error('The engine left out the mode manual.');
    results.push({
      rows,
      ...predict(promptTokens, rows, report.passLatency),
      measuredTau: measured.acceptanceLength.mean,
      measuredSpeedup: measured.speedupOverPlain,
    });
  }
  return results;
}

function predict(prompts: PromptTokens, rows: number, latency: readonly PassLatency[] | null) {
  const msOf = (n: number): number | null => latency?.find((each) => each.rows === n)?.ms ?? null;
  const flat = new Array<number>(rows + 1).fill(1);
  const input = { ...prompts, states: prompts.count, latencyMs: flat };
  const [plan] = optimalTrees(input, [rows]).table;
  const predictedTau = plan?.tau ?? 1;
  const [one, all] = [msOf(1), msOf(rows)];
  const predictedSpeedup = one === null || all === null ? null : (predictedTau * one) / all;
  return { predictedTau, predictedSpeedup };
}
