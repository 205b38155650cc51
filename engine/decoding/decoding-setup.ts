import type { TokenRow } from '../core/decode/decoder.ts';
import {
  isPlain,
  methodOfMode,
  methodOfSettings,
  type DecodingMethod,
} from '../core/decode/decoding-method.ts';
import { DECODING_MODES, type DecodingMode } from '../core/decode/decoding-mode.ts';
import { promisedTau, treeProblem, type PassCosts } from '../core/decode/method-policy.ts';
import { PlainStrategy } from '../core/decode/plain.ts';
import type { DecodingStrategy } from '../core/decode/strategy.ts';
import type { TokenChoice } from '../core/decode/token-choice.ts';
import type { TreeDecoder } from '../core/decode/tree-decoder.ts';
import { DEFAULT_TREE_SETTINGS, treeSettingsFault } from '../core/decode/tree-settings.ts';
import { TreeStrategy } from '../core/decode/tree-strategy.ts';
import { acceptByChoice } from '../core/tree/accept.ts';
import { NgramIndex } from '../core/tree/ngram-index.ts';
import { optimalPlan } from '../core/tree/optimal-tree.ts';
import { baselineCosts } from '../core/tuning/method-controller.ts';
import { assumedPassCost } from '../core/tuning/pass-cost.ts';
import { EngineFailure } from '../engine-failure.ts';
import type { PromptTokens } from '../prompt-tokens/prompt-tokens.ts';
import type {
  CompletedCompletion,
  DecodingModeSetting,
  ModeAvailability,
  TreeSettings,
} from '../protocol.ts';
import type { DeviceProfiles } from '../core/tuning/device-profile.ts';
import type { DraftDecoding, DraftMode } from './draft-decoding.ts';
import { LanguageDecoding } from './language-decoding.ts';
import { RecentCompletions } from './recent-completions.ts';

/** What is loaded, as far as decoding depends on it. */
export interface DecodingResources {
  readonly decoder: TreeDecoder;
  /** False for models whose memory cannot go back. */
  readonly supportsTrees: boolean;
  readonly promptTokens: PromptTokens | null;
  readonly draft: DraftDecoding | null;
  /** Null until the device has been measured. */
  readonly profile: DeviceProfiles | null;
  readonly backend: 'cpu' | 'gpu';
  /** Rows of one forward pass at most. */
  readonly mostRows: number;
}

/** How one request is to be decoded. */
export interface DecodingChoice {
  readonly mode: DecodingModeSetting;
  /** Of `auto`: all that it may use. */
  readonly method: DecodingMethod;
  /** As in `CompletedCompletion`. */
  readonly reason: string | null;
}

/** What `auto` expects of this model on this device, in speed over plain decoding. */
export interface AutoForecast {
  /** What it may choose from beside plain decoding, the most promising first. */
  readonly modes: readonly DecodingMode[];
  /** Of fixed trees of prompt tokens, the optimal ones; null where there are no prompt tokens. */
  readonly treeGain: number | null;
  /** Of the draft, by what has been measured of it so far; null where there is none. */
  readonly draftGain: number | null;
}

/** How a completion was decoded in the end. */
export type UsedDecoding = Pick<CompletedCompletion, 'mode' | 'modeReason'>;

/** Where decoding starts: the prompt is in the cache of the resources' decoder. */
export interface DecodingStart {
  readonly prompt: readonly number[];
  /** The row after the prompt's last token. */
  readonly prefilled: TokenRow;
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

/** What is missing, and what is left of the method without it. */
interface Lack {
  readonly reason: string;
  readonly without: DecodingMethod;
}

const PLAIN: DecodingMethod = methodOfMode('plain');

/** In the order in which `auto` tries them. */
const AUTO_MODES: readonly DecodingMode[] = ['ppd-ngram', 'ngram', 'ppd-adaptive', 'ppd-static'];
const CHAINS_ALONE: readonly DecodingMode[] = ['ngram'];
const AUTO: DecodingMethod = methodOfMode('ppd-ngram');

/** Speed over plain decoding that a forecast has to promise. */
const LEAST_GAIN = 1.03;
/** A draft also has to read the text, and its forecast begins with a guess. */
const LEAST_DRAFT_GAIN = 1.2;

const NO_TREES =
  'This model keeps a memory that cannot go back, so candidates cannot be verified: it decodes plainly.';
const NO_PROMPT_TOKENS =
  'There are no prompt tokens for this model: train them with "foretoken train".';
const NO_DRAFT = 'There is no draft model for this model.';

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
  /** Of `auto`, null = not decided yet: see `AutoForecast`. */
  #treeGain: { readonly gain: number | null } | null = null;
  #autoDraft: { readonly mode: DraftMode | null } | null = null;

  constructor(resources: DecodingResources) {
    this.#resources = resources;
    this.#profile = resources.profile;
  }

  /** The device has been measured: trees are built anew for what passes cost. */
  useProfile(profile: DeviceProfiles): void {
    this.#profile = profile;
    this.#languages.clear();
    this.#treeGain = null;
    this.#autoDraft = null;
    this.#resources.draft?.retune(profile.chains.mixedMs);
  }

  get availability(): readonly ModeAvailability[] {
    return DECODING_MODES.map((mode) => ({
      mode,
      unsupportedReason: this.#unsupportedReason(methodOfMode(mode)),
    }));
  }

  /**
   * @returns The choice, or why the mode is not available.
   * @throws EngineFailure 'invalid-request' where the settings are out of range.
   */
  choose(setting: DecodingModeSetting, tree?: TreeSettings): DecodingChoice | string {
    if (setting === 'auto') return this.#chooseAuto();
    if (setting === 'manual') return this.#chooseManual(manualMethod(tree));
    const method = methodOfMode(setting);
    return this.#unsupportedReason(method) ?? { mode: setting, method, reason: null };
  }

  #chooseAuto(): DecodingChoice {
    if (!this.#resources.supportsTrees) return plainChoice(NO_TREES);
    return { mode: 'auto', method: AUTO, reason: null };
  }

  /** Of several sources of guesses, those that are there. */
  #chooseManual(wanted: DecodingMethod): DecodingChoice | string {
    const reasons = new Set<string>();
    let method = wanted;
    for (let lack = this.#lackOf(method); lack !== null; lack = this.#lackOf(method)) {
      reasons.add(lack.reason);
      method = lack.without;
    }
    const reason = reasons.size === 0 ? null : [...reasons].join(' ');
    if (reason !== null && isPlain(method)) return reason;
    return { mode: 'manual', method, reason };
  }

  /**
   * To be called while the prompt is evaluated: the main thread has nothing else to do then.
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
    const auto = mode === 'auto' ? this.#draftOfAuto() : null;
    if (method.draft) draft?.prepare(method, prompt);
    else if (auto !== null && language.mayGain(auto)) draft?.prepare(methodOfMode(auto), prompt);
  }

  /**
   * The draft mode that `auto` may choose, if one is expected to pay: with the draft's own prompt tokens
   * where it has them.
   */
  #draftOfAuto(): DraftMode | null {
    this.#autoDraft ??= { mode: this.#promisingDraft() };
    return this.#autoDraft.mode;
  }

  #promisingDraft(): DraftMode | null {
    const { mode, gain } = this.#draftForecast();
    return gain !== null && gain > LEAST_DRAFT_GAIN ? mode : null;
  }

  #draftForecast(): { readonly mode: DraftMode | null; readonly gain: number | null } {
    const modes = ['draft-ppd', 'draft'] as const;
    const mode = modes.find((each) => this.#unsupportedReason(methodOfMode(each)) === null);
    const { draft } = this.#resources;
    if (mode === undefined || draft === null) return { mode: null, gain: null };
    const { steadyMs } = this.#costsOf(PLAIN);
    return { mode, gain: draft.forecast(mode).tokensPerMs * (steadyMs[1] ?? 1) };
  }

  /** What caches of the resources other than the target's own hold of earlier texts is dropped. */
  forget(): void {
    this.#resources.draft?.forget();
  }

  strategy({ mode, method }: DecodingChoice, start: DecodingStart): DecodingStrategy {
    const { decoder, draft, mostRows } = this.#resources;
    const { prefilled, choose, isEnd, languageId, accept = acceptByChoice } = start;
    if (isPlain(method)) return new PlainStrategy(decoder, prefilled, choose);
    const language = this.#language(languageId);
    if (method.draft && draft !== null) {
      const guide = { policy: language.policy(method), isAsked: () => true };
      return draft.strategy(method, start, this.#ngrams, guide);
    }
    const drafting = mode === 'auto' ? this.#draftOfAuto() : null;
    if (drafting !== null && draft !== null) {
      return draft.strategy(methodOfMode(drafting), start, this.#ngrams, {
        policy: language.auto,
        isAsked: () => language.beginAuto().draft,
      });
    }
    const policy = mode === 'auto' ? language.auto : language.policy(method);
    const maxLength = Math.min(mostRows, method.nodeBudget);
    return new TreeStrategy({ decoder, prefilled, policy, choose, isEnd, maxLength, accept });
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
    return {
      modes: this.#autoModes(),
      treeGain: this.#gainOfTrees(),
      draftGain: this.#draftForecast().gain,
    };
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

  #unsupportedReason(method: DecodingMethod): string | null {
    return this.#lackOf(method)?.reason ?? null;
  }

  /** Something that a method needs and that is not there; null where nothing is missing. */
  #lackOf(method: DecodingMethod): Lack | null {
    const { supportsTrees, promptTokens, draft } = this.#resources;
    if (isPlain(method)) return null;
    if (!supportsTrees) return { reason: NO_TREES, without: PLAIN };
    if (!method.draft) {
      if (method.promptTokens === 0 || promptTokens !== null) return null;
      return { reason: NO_PROMPT_TOKENS, without: { ...method, promptTokens: 0 } };
    }
    if (draft === null) {
      return { reason: NO_DRAFT, without: { ...method, draft: false, targetPrompts: 0 } };
    }
    const reason = method.promptTokens > 0 ? draft.unsupportedReason('draft-ppd') : null;
    if (reason !== null) return { reason, without: { ...method, promptTokens: 0 } };
    if (method.targetPrompts === 0 || promptTokens !== null) return null;
    return { reason: NO_PROMPT_TOKENS, without: { ...method, targetPrompts: 0 } };
  }

  /** A batch with prompt tokens is one of embeddings, which costs something else. */
  #costsOf({ promptTokens }: DecodingMethod): PassCosts {
    const { backend, mostRows } = this.#resources;
    const { chains, trees } = this.#profile ?? { chains: null, trees: null };
    return (promptTokens > 0 ? trees : null) ?? chains ?? assumedPassCost(backend, mostRows);
  }

  /**
   * What `auto` may try, the most promising first. Every trial costs time, so what is not expected to
   * pay is left out.
   */
  #autoModes(): readonly DecodingMode[] {
    const isThere = (mode: DecodingMode): boolean =>
      this.#unsupportedReason(methodOfMode(mode)) === null;
    const treesPay = (this.#gainOfTrees() ?? 0) > LEAST_GAIN;
    const draft = this.#draftOfAuto();
    const modes = treesPay ? AUTO_MODES : CHAINS_ALONE;
    return [...modes.filter(isThere), ...(draft === null ? [] : [draft])];
  }

  #gainOfTrees(): number | null {
    this.#treeGain ??= { gain: this.#treeForecast() };
    return this.#treeGain.gain;
  }

  #treeForecast(): number | null {
    const { promptTokens: prompts } = this.#resources;
    if (prompts === null) return null;
    const method = methodOfMode('ppd-static');
    const { steadyMs, mixedMs } = this.#costsOf(method);
    const problem = treeProblem(prompts, prompts.count, method.topK, mixedMs);
    const { tokensPerSecond } = optimalPlan(problem);
    return (tokensPerSecond * (steadyMs[1] ?? 1)) / 1000;
  }

  #language(id: string): LanguageDecoding {
    const known = this.#languages.get(id);
    if (known !== undefined) return known;
    const language = new LanguageDecoding({
      prompts: this.#resources.promptTokens,
      costsOf: (method) => this.#costsOf(method),
      ngrams: this.#ngrams,
      autoModes: this.#autoModes(),
      draft: this.#resources.draft,
      baselineMs: this.#baselineMs,
    });
    this.#languages.set(id, language);
    return language;
  }
}

/** For completions in the editor: a mode that is not available is no reason to show nothing. */
export function plainChoice(reason: string): DecodingChoice {
  return { mode: 'plain', method: PLAIN, reason };
}

function manualMethod(tree: TreeSettings = DEFAULT_TREE_SETTINGS): DecodingMethod {
  const fault = treeSettingsFault(tree);
  if (fault !== null) throw new EngineFailure('invalid-request', fault);
  return methodOfSettings(tree);
}
