import { methodOfMode, type DecodingMethod } from '../core/decode/decoding-method.ts';
import type { DecodingMode } from '../core/decode/decoding-mode.ts';
import { treeProblem, type PassCosts } from '../core/decode/method-policy.ts';
import { optimalPlan } from '../core/tree/optimal-tree.ts';
import { unsupportedReason, type GuessSources } from './choose-decoding.ts';
import type { DraftDecoding, DraftMode } from './draft-decoding.ts';

/** What `auto` expects of this model on this device, in speed over plain decoding. */
export interface AutoForecast {
  /** What it may choose from beside plain decoding, the most promising first. */
  readonly modes: readonly DecodingMode[];
  /** Of fixed trees of prompt tokens, the optimal ones; null where there are no prompt tokens. */
  readonly treeGain: number | null;
  /** Of the draft, by what has been measured of it so far; null where there is none. */
  readonly draftGain: number | null;
}

export interface AutoModesInput {
  readonly sources: GuessSources & { readonly draft: Pick<DraftDecoding, 'forecast'> | null };
  /** What the passes of a method cost. */
  readonly costsOf: (method: DecodingMethod) => PassCosts;
}

/** In the order in which `auto` tries them. */
const WITH_TREES: readonly DecodingMode[] = ['ppd-ngram', 'ngram', 'ppd-adaptive', 'ppd-static'];
const CHAINS_ALONE: readonly DecodingMode[] = ['ngram'];

/** Speed over plain decoding that a forecast has to promise. */
const LEAST_GAIN = 1.03;
/** A draft also has to read the text, and its forecast begins with a guess. */
const LEAST_DRAFT_GAIN = 1.2;

/**
 * What `auto` may try. Every trial costs time, so what is not expected to pay is left out. Decided when
 * it is first asked for, and then no more: made anew when costs change.
 */
export class AutoModes {
  readonly #input: AutoModesInput;
  #draft: { readonly mode: DraftMode | null } | null = null;
  #treeGain: { readonly gain: number | null } | null = null;

  constructor(input: AutoModesInput) {
    this.#input = input;
  }

  /** The most promising first. */
  get modes(): readonly DecodingMode[] {
    const candidates = (this.#gainOfTrees() ?? 0) > LEAST_GAIN ? WITH_TREES : CHAINS_ALONE;
    const there = candidates.filter((mode) => this.#isThere(mode));
    return this.draft === null ? there : [...there, this.draft];
  }

  /**
   * The draft mode among them, if one is expected to pay: with the draft's own prompt tokens where it has
   * them.
   */
  get draft(): DraftMode | null {
    this.#draft ??= { mode: this.#promisingDraft() };
    return this.#draft.mode;
  }

  get forecast(): AutoForecast {
    const draftGain = this.#draftForecast()?.gain ?? null;
    return { modes: this.modes, treeGain: this.#gainOfTrees(), draftGain };
  }

  #promisingDraft(): DraftMode | null {
    const forecast = this.#draftForecast();
    return forecast !== null && forecast.gain > LEAST_DRAFT_GAIN ? forecast.mode : null;
  }

  #draftForecast(): { readonly mode: DraftMode; readonly gain: number } | null {
    const modes = ['draft-ppd', 'draft'] as const;
    const mode = modes.find((each) => this.#isThere(each));
    const { draft } = this.#input.sources;
    if (mode === undefined || draft === null) return null;
    return { mode, gain: draft.forecast(mode).tokensPerMs * this.#plainMs };
  }

  #gainOfTrees(): number | null {
    this.#treeGain ??= { gain: this.#treeForecast() };
    return this.#treeGain.gain;
  }

  #treeForecast(): number | null {
    const { sources, costsOf } = this.#input;
    const { promptTokens: prompts } = sources;
    if (prompts === null) return null;
    const method = methodOfMode('ppd-static');
    const problem = treeProblem(prompts, prompts.count, method.topK, costsOf(method).mixedMs);
    return (optimalPlan(problem).tokensPerSecond / 1000) * this.#plainMs;
  }

  /** Of a token of plain decoding, whose passes are chains of one row. */
  get #plainMs(): number {
    return this.#input.costsOf(methodOfMode('plain')).steadyMs[1] ?? 1;
  }

  #isThere(mode: DecodingMode): boolean {
    return unsupportedReason(this.#input.sources, methodOfMode(mode)) === null;
  }
}
