import { argmax } from '../../../engine/core/decode/decoder.ts';
import { PlainStrategy } from '../../../engine/core/decode/plain.ts';
import type { DecodingStrategy } from '../../../engine/core/decode/strategy.ts';
import { TreeStrategy } from '../../../engine/core/decode/tree-strategy.ts';
import { ratioWithInterval, seededRandom } from '../../../engine/core/metrics/percentiles.ts';
import { buildPrompt } from '../../../engine/core/prompt/fim-prompt.ts';
import { optimalTrees } from '../../../engine/core/tree/optimal-tree.ts';
import { StaticPolicy } from '../../../engine/core/tree/tree-policy.ts';
import type { NativeModel } from '../../../engine/native/addon.d.ts';
import { attentionOptions } from '../../../engine/native/cache-options.ts';
import { NativeTreeDecoder } from '../../../engine/native/native-tree-decoder.ts';
import { TokenTraits } from '../../../engine/native/token-traits.ts';
import { promptVocabulary } from '../../../engine/native/vocabulary.ts';
import type { PromptTokens } from '../../../engine/prompt-tokens/prompt-tokens.ts';
import type { BenchPrompt } from '../../../engine/protocol.ts';

/** Rows of a pass that every step may have. */
const SIZES = [3, 4, 6, 8, 12, 16, 24, 32] as const;
const CONTEXT_TOKENS = 1024;

interface Timed {
  readonly tokens: readonly number[];
  readonly steps: number;
  readonly ms: number;
}

/** The optimal fixed trees of growing size, whether they pay or not: tau foreseen, and what came. */
export async function compareSizes(
  model: NativeModel,
  prompts: readonly BenchPrompt[],
  promptTokens: PromptTokens,
  { maxTokens, threads }: { readonly maxTokens: number; readonly threads: number },
) {
  const context = await model.createContext({
    contextLength: CONTEXT_TOKENS,
    batchSize: 256,
    outputRows: 64,
    threads,
    batchThreads: threads,
    sequences: 64,
    ...attentionOptions(false),
  });
  const decoder = new NativeTreeDecoder(context, promptTokens);
  const vocabulary = promptVocabulary(model);
  const { isEnd } = new TokenTraits(model);

  const decode = async (prompt: BenchPrompt, policy: StaticPolicy | null): Promise<Timed> => {
    const text = { prefix: prompt.prompt, suffix: prompt.suffix ?? '' };
    const { tokens: ids } = buildPrompt(vocabulary, text, CONTEXT_TOKENS - 2 * maxTokens);
    decoder.truncate(0);
    const head = await decoder.prefillHead(ids, () => false, 1);
    if (head === null) throw new Error('cancelled');
    const { tail } = head;
    const strategy: DecodingStrategy =
      policy === null
        ? new PlainStrategy(decoder, tail, argmax)
        : new TreeStrategy({
            decoder,
            tail,
            policy,
            choose: argmax,
            isEnd,
            maxLength: 64,
          });
    const tokens: number[] = [];
    let steps = 0;
    const started = performance.now();
    while (tokens.length < maxTokens) {
      const step = await strategy.step();
      if (step.kind !== 'accepted') break;
      steps += 1;
      tokens.push(...step.tokens);
      if (step.tokens.some(isEnd)) break;
    }
    return { tokens, steps, ms: performance.now() - started };
  };

  const sizes = [];
  for (const rows of SIZES) {
    const plan = optimalTrees(
      {
        ...promptTokens,
        states: promptTokens.count,
        latencyMs: new Array<number>(rows + 1).fill(1),
      },
      [rows],
    ).table[0];
    if (plan === undefined) continue;
    const pairs: { readonly tree: Timed; readonly plain: Timed }[] = [];
    for (const prompt of prompts) {
      const plain = await decode(prompt, null);
      pairs.push({ tree: await decode(prompt, new StaticPolicy(plan.trees)), plain });
    }
    const measured = pairs.filter(({ tree }) => tree.steps > 0);
    const tau = ratio(measured, ({ tree }) => [tree.tokens.length, tree.steps]);
    const perToken = ({ ms, tokens }: Timed): number => ms / Math.max(1, tokens.length);
    const speedup = ratio(measured, ({ tree, plain }) => [perToken(plain), perToken(tree)]);
    sizes.push({ rows, predictedTau: plan.tau, measuredTau: tau, speedup });
  }
  await context.dispose();
  return sizes;
}

function ratio<T>(all: readonly T[], of: (each: T) => readonly [number, number]) {
  const samples = all.map((each) => {
    const [numerator, denominator] = of(each);
    return { numerator, denominator };
  });
  return ratioWithInterval(samples, { random: seededRandom(1) });
}
