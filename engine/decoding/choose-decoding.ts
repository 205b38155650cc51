import {
  isPlain,
  methodOfMode,
  methodOfSettings,
  type DecodingMethod,
} from '../core/decode/decoding-method.ts';
import { DECODING_MODES } from '../core/decode/decoding-mode.ts';
import { DEFAULT_TREE_SETTINGS, treeSettingsFault } from '../core/decode/tree-settings.ts';
import { EngineFailure } from '../engine-failure.ts';
import type { PromptTokens } from '../prompt-tokens/prompt-tokens.ts';
import type { DecodingModeSetting, ModeAvailability, TreeSettings } from '../protocol.ts';
import type { DraftDecoding } from './draft-decoding.ts';

/** What is there to guess with. */
export interface GuessSources {
  /** False for models whose memory cannot go back. */
  readonly supportsTrees: boolean;
  readonly promptTokens: PromptTokens | null;
  readonly draft: Pick<DraftDecoding, 'unsupportedReason'> | null;
}

/** How one request is to be decoded. */
export interface DecodingChoice {
  readonly mode: DecodingModeSetting;
  /** Of `auto`: all that it may use. */
  readonly method: DecodingMethod;
  /** As in `CompletedCompletion`. */
  readonly reason: string | null;
}

/** What is missing, and what is left of the method without it. */
interface Lack {
  readonly reason: string;
  readonly without: DecodingMethod;
}

const PLAIN: DecodingMethod = methodOfMode('plain');
const AUTO: DecodingMethod = methodOfMode('ppd-ngram');

const NO_TREES =
  'This model keeps a memory that cannot go back, so candidates cannot be verified: it decodes plainly.';
const NO_PROMPT_TOKENS =
  'There are no prompt tokens for this model: train them with "foretoken train".';
const NO_DRAFT = 'There is no draft model for this model.';

/**
 * @returns The choice, or why the mode is not available.
 * @throws EngineFailure 'invalid-request' where the settings are out of range.
 */
export function chooseDecoding(
  sources: GuessSources,
  setting: DecodingModeSetting,
  tree?: TreeSettings,
): DecodingChoice | string {
  if (setting === 'manual') return chooseManual(sources, manualMethod(tree));
  if (setting === 'auto') {
    if (!sources.supportsTrees) return plainChoice(NO_TREES);
    return { mode: 'auto', method: AUTO, reason: null };
  }
  const method = methodOfMode(setting);
  return unsupportedReason(sources, method) ?? { mode: setting, method, reason: null };
}

/** For completions in the editor: a mode that is not available is no reason to show nothing. */
export function plainChoice(reason: string): DecodingChoice {
  return { mode: 'plain', method: PLAIN, reason };
}

export function availabilityOfModes(sources: GuessSources): readonly ModeAvailability[] {
  return DECODING_MODES.map((mode) => ({
    mode,
    unsupportedReason: unsupportedReason(sources, methodOfMode(mode)),
  }));
}

export function unsupportedReason(sources: GuessSources, method: DecodingMethod): string | null {
  return lackOf(sources, method)?.reason ?? null;
}

/** Of several sources of guesses, those that are there. */
function chooseManual(sources: GuessSources, wanted: DecodingMethod): DecodingChoice | string {
  const reasons = new Set<string>();
  let method = wanted;
  for (let lack = lackOf(sources, method); lack !== null; lack = lackOf(sources, method)) {
    reasons.add(lack.reason);
    method = lack.without;
  }
  const reason = reasons.size === 0 ? null : [...reasons].join(' ');
  if (reason !== null && isPlain(method)) return reason;
  return { mode: 'manual', method, reason };
}

function manualMethod(tree: TreeSettings = DEFAULT_TREE_SETTINGS): DecodingMethod {
  const fault = treeSettingsFault(tree);
  if (fault !== null) throw new EngineFailure('invalid-request', fault);
  return methodOfSettings(tree);
}

/** Something that a method needs and that is not there; null where nothing is missing. */
function lackOf(
  { supportsTrees, promptTokens, draft }: GuessSources,
  method: DecodingMethod,
): Lack | null {
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
