import { isPlain, methodOfMode, type DecodingMethod } from '../core/decode/decoding-method.ts';
import type { DecodingMode } from '../core/decode/decoding-mode.ts';
import type { TargetPrompts } from '../core/decode/draft/draft-policy.ts';
import { LearningPolicy } from '../core/decode/learning-policy.ts';
import { methodPolicy, type PassCosts, type PolicyInput } from '../core/decode/method-policy.ts';
import { OnlineAccuracies, type Accuracies } from '../core/tree/accuracies.ts';
import { LookupChances } from '../core/tree/lookup-chances.ts';
import type { TreePolicy } from '../core/tree/tree-policy.ts';
import { AutoPolicy } from '../core/tuning/auto-policy.ts';
import type { DraftDecoding } from './draft-decoding.ts';
import { MethodController } from '../core/tuning/method-controller.ts';
import type { StepCosts } from '../core/tuning/step-costs.ts';

/** What all languages have in common. */
export type SharedDecoding = Pick<PolicyInput, 'prompts' | 'ngrams'> & {
  /** What passes cost that a method makes. */
  readonly costsOf: (method: DecodingMethod) => PassCosts;
  /** Modes that `auto` may choose from beside plain decoding, the most promising first. */
  readonly autoModes: readonly DecodingMode[];
  readonly baselineMs: StepCosts;
  readonly draft: Pick<DraftDecoding, 'policy'> | null;
};

const ONLY_CHAINS =
  'auto uses ngram: nothing else is expected to pay on this device, and each chain is weighed against what its pass costs';

/** Tokens after which trees are built anew for the accuracies seen by then. */
const RELEARN_TOKENS = 2048;

/** What decoding has learnt of one language, and the policies that use it. */
export class LanguageDecoding {
  readonly #shared: SharedDecoding;
  readonly #accuracies: OnlineAccuracies | null;
  /** What the present policies were built for. */
  #table: Accuracies | null;
  readonly #lookupChances = new LookupChances();
  readonly #policies = new Map<string, TreePolicy>();
  readonly #controller: MethodController<DecodingMode>;
  readonly #auto: AutoPolicy<DecodingMode>;
  #tokens = 0;

  constructor(shared: SharedDecoding) {
    this.#shared = shared;
    const { prompts, autoModes, baselineMs, ngrams } = shared;
    this.#table = prompts?.accuracies ?? null;
    this.#accuracies = this.#table === null ? null : new OnlineAccuracies({ prior: this.#table });
    this.#controller = new MethodController({ baseline: 'plain', methods: autoModes, baselineMs });
    this.#auto = new AutoPolicy({
      controller: this.#controller,
      contender: (mode) => {
        const method = methodOfMode(mode);
        return isPlain(method) ? null : { policy: this.policy(method), indexes: method.ngram };
      },
      ngrams,
      now: () => performance.now(),
    });
  }

  /**
   * The policy of `auto`. N-gram chains weigh every row against its measured cost themselves, and are
   * plain decoding where none pays; where nothing else is to choose from, trials would only cost time.
   */
  get auto(): TreePolicy {
    return this.#onlyChains() ? this.policy(methodOfMode('ngram')) : this.#auto;
  }

  /** Chooses the method of the step that begins, ahead of its plan. */
  beginAuto(): DecodingMethod {
    return methodOfMode(this.#auto.begin());
  }

  /** Whether `auto` may gain by a mode: it is in use, or has not lost. */
  mayGain(mode: DecodingMode): boolean {
    return (this.#controller.relativeCost(mode) ?? 0) < 1;
  }

  policy(method: DecodingMethod): TreePolicy {
    const { draft, ngrams } = this.#shared;
    if (method.draft && draft !== null) return draft.policy(method, ngrams, this.#targetPrompts());
    const key = Object.values(method).join();
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    const { prompts, costsOf } = this.#shared;
    const current = prompts === null ? null : { ...prompts, accuracies: this.#table ?? [] };
    const policy = methodPolicy({
      ngrams,
      lookupChances: this.#lookupChances,
      prompts: current,
      method,
      costs: costsOf(method),
    });
    const learning =
      this.#accuracies === null ? policy : new LearningPolicy(policy, this.#accuracies);
    this.#policies.set(key, learning);
    return learning;
  }

  /** Builds what `auto` may need: tens of milliseconds that no step should take. */
  warmUp(): void {
    for (const mode of this.#shared.autoModes) this.policy(methodOfMode(mode));
  }

  /** After a completion: what brought most of its tokens, and why. */
  concludeAuto(): { readonly mode: DecodingMode; readonly reason: string } {
    if (this.#onlyChains()) return { mode: 'ngram', reason: ONLY_CHAINS };
    const [first] = [...this.#auto.takeTokens()].sort(([, a], [, b]) => b - a);
    const mode = first?.[0] ?? this.#controller.incumbent;
    return { mode, reason: this.#reason() };
  }

  /** @param tokens Of one completion. */
  learn(tokens: number): void {
    this.#tokens += tokens;
    if (this.#accuracies === null || this.#tokens < RELEARN_TOKENS) return;
    this.#tokens = 0;
    this.#table = this.#accuracies.table();
    const built = this.#policies.size;
    this.#policies.clear();
    if (built > 0) this.warmUp();
  }

  #targetPrompts(): TargetPrompts | null {
    const { prompts: quality, costsOf } = this.#shared;
    return quality && { quality, costs: costsOf(methodOfMode('ppd-ngram')) };
  }

  #onlyChains(): boolean {
    return this.#shared.autoModes.join() === 'ngram';
  }

  #reason(): string {
    const { incumbent, baselineMs } = this.#controller;
    if (baselineMs === null) return 'auto begins with plain decoding, to know what to beat';
    const plain = `plain decoding takes ${baselineMs.toFixed(2)} ms a token`;
    const costs = this.#shared.autoModes.flatMap((mode) => {
      const cost = this.#controller.relativeCost(mode);
      return cost === null ? [] : [`${mode} ${(cost * baselineMs).toFixed(2)}`];
    });
    const others = costs.length === 0 ? 'nothing else was tried yet' : costs.join(', ');
    return `auto uses ${incumbent}: ${plain}, ${others}`;
  }
}
