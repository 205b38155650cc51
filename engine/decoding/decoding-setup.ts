import { isPlain, methodOfMode, type DecodingMethod } from '../core/decode/decoding-method.ts';
import type { DecodingMode } from '../core/decode/decoding-mode.ts';
import { promisedTau, type PassCosts } from '../core/decode/method-policy.ts';
import { PlainStrategy } from '../core/decode/plain.ts';
import type { DecodingStrategy } from '../core/decode/strategy.ts';
import type { TokenChoice } from '../core/decode/token-choice.ts';
import type { TreeDecoder } from '../core/decode/tree-decoder.ts';
import { TreeStrategy } from '../core/decode/tree-strategy.ts';
import { acceptByChoice } from '../core/tree/accept.ts';
import { NgramIndex } from '../core/tree/ngram-index.ts';
import { baselineCosts } from '../core/tuning/method-controller.ts';
import { assumedPassCost } from '../core/tuning/pass-cost.ts';
import type {
  CompletedCompletion,
  DecodingModeSetting,
  ModeAvailability,
  TreeSettings,
} from '../protocol.ts';
import type { DeviceProfiles } from '../core/tuning/device-profile.ts';
import { AutoModes, type AutoForecast } from './auto-modes.ts';
import {
  availabilityOfModes,
  chooseDecoding,
  type DecodingChoice,
  type GuessSources,
} from './choose-decoding.ts';
import type { DraftDecoding } from './draft-decoding.ts';
import { LanguageDecoding } from './language-decoding.ts';
import { RecentCompletions } from './recent-completions.ts';

/** What is loaded, as far as decoding depends on it. */
export interface DecodingResources extends GuessSources {
  readonly decoder: TreeDecoder;
  readonly draft: DraftDecoding | null;
  /** Null until the device has been measured. */
  readonly profile: DeviceProfiles | null;
  readonly backend: 'cpu' | 'gpu';
  /** Rows of one forward pass at most. */
  readonly mostRows: number;
}

/** How a completion was decoded in the end. */
export type UsedDecoding = Pick<CompletedCompletion, 'mode' | 'modeReason'>;

/** Where decoding starts: the cache of the resources' decoder holds the prompt but for its tail. */
export interface DecodingStart {
  readonly prompt: readonly number[];
  readonly tail: readonly number[];
  readonly choose: TokenChoice;
  /** How a verified tree is accepted; exactly, unless told. */
  readonly accept?: typeof acceptByChoice;
  /** Tokens that nothing may follow within a step. */
  readonly isEnd: (token: number) => boolean;
  readonly languageId: string;
  /** Strategies with a context of their own cancel its running decode. */
  readonly signal: AbortSignal;
}

/** Where n-gram chains are looked up, beside what is generated. */
export interface LookupTexts {
  /** What the prompt holds, ending at the cursor. */
  readonly own: readonly number[];
  /** The most telling text last. */
  readonly others: () => readonly (readonly number[])[];
  /** Whether what is remembered of earlier completions counts. */
  readonly recent: boolean;
}

/** Which decoding modes the loaded model has, and the strategy of each. */
export class DecodingSetup {
  readonly #resources: DecodingResources;
  /** Of the last prompt that was looked up in, what was generated then, and of open files. */
  readonly #ngrams = new NgramIndex();
  readonly #recent = new RecentCompletions();
  /** What was learnt of a language holds for its next completion too. */
  readonly #languages = new Map<string, LanguageDecoding>();
  readonly #baselineMs = baselineCosts();
  #profile: DeviceProfiles | null;
  #auto: AutoModes;

  constructor(resources: DecodingResources) {
    this.#resources = resources;
    this.#profile = resources.profile;
    this.#auto = this.#autoModes();
  }

  /** The device has been measured: trees are built anew for what passes cost. */
  useProfile(profile: DeviceProfiles): void {
    this.#profile = profile;
    this.#languages.clear();
    this.#resources.draft?.retune(profile.chains.mixedMs);
    this.#auto = this.#autoModes();
  }

  get availability(): readonly ModeAvailability[] {
    return availabilityOfModes(this.#resources);
  }

  /** As `chooseDecoding`. */
  choose(setting: DecodingModeSetting, tree?: TreeSettings): DecodingChoice | string {
    return chooseDecoding(this.#resources, setting, tree);
  }

  /**
   * To be called while a prompt is evaluated: the main thread has nothing else to do then.
   *
   * @param lookup Where n-gram chains are looked up; in the prompt, unless told.
   */
  prepare(
    { mode, method }: DecodingChoice,
    prompt: readonly number[],
    languageId: string,
    lookup: LookupTexts = { own: prompt, others: () => [], recent: false },
  ): void {
    if (isPlain(method)) return;
    const language = this.#language(languageId);
    this.#prepareDraft(mode, method, language, prompt);
    if (method.ngram) {
      this.#ngrams.seed(lookup.others());
      this.#ngrams.recall(lookup.recent ? this.#recent.texts : null);
      this.#ngrams.sync(lookup.own);
    }
    if (mode === 'auto') language.warmUp();
    else if (!method.draft || method.targetPrompts > 0) language.policy(method);
  }

  /** In `auto` the draft reads along as long as that may be of use. */
  #prepareDraft(
    mode: DecodingChoice['mode'],
    method: DecodingMethod,
    language: LanguageDecoding,
    prompt: readonly number[],
  ): void {
    const { draft } = this.#resources;
    const auto = mode === 'auto' ? this.#auto.draft : null;
    if (method.draft) draft?.prepare(method, prompt);
    else if (auto !== null && language.mayGain(auto)) draft?.prepare(methodOfMode(auto), prompt);
  }

  /** What caches of the resources other than the target's own hold of earlier texts is dropped. */
  forget(): void {
    this.#resources.draft?.forget();
  }

  strategy({ mode, method }: DecodingChoice, start: DecodingStart): DecodingStrategy {
    const { decoder, draft, mostRows } = this.#resources;
    const { tail, choose, isEnd, languageId, accept = acceptByChoice } = start;
    if (isPlain(method)) return new PlainStrategy(decoder, tail, choose);
    const language = this.#language(languageId);
    if (method.draft && draft !== null) {
      const guide = { policy: language.policy(method), isAsked: () => true };
      return draft.strategy(method, start, this.#ngrams, guide);
    }
    const drafting = mode === 'auto' ? this.#auto.draft : null;
    if (drafting !== null && draft !== null) {
      return draft.strategy(methodOfMode(drafting), start, this.#ngrams, {
        policy: language.auto,
        isAsked: () => language.beginAuto().draft,
      });
    }
    const policy = mode === 'auto' ? language.auto : language.policy(method);
    const maxLength = Math.min(mostRows, method.nodeBudget);
    return new TreeStrategy({ decoder, tail, policy, choose, isEnd, maxLength, accept });
  }

  /** Keeps a completion for later ones that look up what is recent. */
  remember(before: readonly number[], written: readonly number[]): void {
    this.#recent.remember(before, written);
  }

  /** To be called when a completion is decoded. */
  conclude({ mode, reason }: DecodingChoice, languageId: string, tokens: number): UsedDecoding {
    const language = this.#language(languageId);
    language.learn(tokens);
    if (mode !== 'auto') return { mode, modeReason: reason };
    const used = language.concludeAuto();
    return { mode: used.mode, modeReason: used.reason };
  }

  get autoForecast(): AutoForecast {
    return this.#auto.forecast;
  }

  /** Tokens of a step that a mode promises before it is used; null = it depends on the text. */
  promisedTau(mode: DecodingMode): number | null {
    const method = methodOfMode(mode);
    if (method.draft) return null;
    const { promptTokens: prompts } = this.#resources;
    return promisedTau({ method, prompts, costs: this.#costsOf(method) });
  }

  async dispose(): Promise<void> {
    await this.#resources.draft?.dispose();
  }

  /** A batch with prompt tokens is one of embeddings, which costs something else. */
  #costsOf({ promptTokens }: DecodingMethod): PassCosts {
    const { backend, mostRows } = this.#resources;
    const { chains, trees } = this.#profile ?? { chains: null, trees: null };
    return (promptTokens > 0 ? trees : null) ?? chains ?? assumedPassCost(backend, mostRows);
  }

  #autoModes(): AutoModes {
    return new AutoModes({
      sources: this.#resources,
      costsOf: (method) => this.#costsOf(method),
    });
  }

  #language(id: string): LanguageDecoding {
    const known = this.#languages.get(id);
    if (known !== undefined) return known;
    const language = new LanguageDecoding({
      prompts: this.#resources.promptTokens,
      costsOf: (method) => this.#costsOf(method),
      ngrams: this.#ngrams,
      autoModes: this.#auto.modes,
      draft: this.#resources.draft,
      baselineMs: this.#baselineMs,
    });
    this.#languages.set(id, language);
    return language;
  }
}
