import rows from './built-in-prompts.json' with { type: 'json' };

/** A prompt as the protocol has it. */
export interface LabelledPrompt {
  readonly prompt: string;
  readonly suffix?: string;
  readonly language: string;
}

/**
 * Written for this benchmark, so that no model has seen them: TypeScript, JavaScript and Python, two
 * thirds of them to be filled in the middle. Kinds and languages are mixed throughout, so that the
 * first ones are a fair sample.
 */
export const BUILT_IN_PROMPTS: readonly LabelledPrompt[] = rows;
