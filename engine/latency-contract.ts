import { buildPrompt, type FimPrompt, type PromptVocabulary } from './core/prompt/fim-prompt.ts';
import { LatencyEstimator, type LatencySample } from './core/latency/latency-estimator.ts';
import { planLatency, type LatencyPlan } from './core/latency/plan-latency.ts';

export interface ContractInput {
  readonly text: { readonly prefix: string; readonly suffix: string };
  /** Most tokens that the prompt may have. */
  readonly mostPromptTokens: number;
  readonly maxTokens: number;
  /** Null: no contract. */
  readonly budgetMs: number | null;
}

/** Plans completions of one model on one device by what earlier ones have cost. */
export class LatencyContract {
  readonly #vocabulary: PromptVocabulary;
  readonly #reusable: (prompt: readonly number[]) => number;
  readonly #estimator = new LatencyEstimator();

  /** @param reusable How many tokens of a prompt need no evaluation. */
  constructor(vocabulary: PromptVocabulary, reusable: (prompt: readonly number[]) => number) {
    this.#vocabulary = vocabulary;
    this.#reusable = reusable;
  }

  /** The first completion has nothing to go by: it gives nothing up. */
  plan({ text, mostPromptTokens, maxTokens, budgetMs }: ContractInput): LatencyPlan<FimPrompt> {
    const promptWithin = (tokens: number): FimPrompt => buildPrompt(this.#vocabulary, text, tokens);
    const { estimate } = this.#estimator;
    if (budgetMs === null || estimate === null) {
      return { prompt: promptWithin(mostPromptTokens), maxTokens, concessions: [] };
    }
    return planLatency({
      budgetMs,
      estimate,
      mostPromptTokens,
      promptWithin,
      lengthOf: ({ tokens }) => tokens.length,
      unseenIn: ({ tokens }) => tokens.length - this.#reusable(tokens),
      maxTokens,
    });
  }

  observe(sample: LatencySample): void {
    this.#estimator.observe(sample);
  }
}
