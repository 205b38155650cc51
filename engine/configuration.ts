import { EngineFailure } from './engine-failure.ts';
import type { EngineConfiguration } from './protocol.ts';

/** Below this a context holds no prompt worth completing. */
export const MIN_CONTEXT_TOKENS = 256;
const MAX_CONTEXT_TOKENS = 1 << 20;
const MAX_THREADS = 512;

/** @throws EngineFailure 'invalid-request', naming the setting to correct. */
export function checkConfiguration({ threads, contextLength }: EngineConfiguration): void {
  if (!isWithin(contextLength, MIN_CONTEXT_TOKENS, MAX_CONTEXT_TOKENS)) {
    throw invalid('contextLength', contextLength, MIN_CONTEXT_TOKENS, MAX_CONTEXT_TOKENS);
  }
  if (threads !== null && !isWithin(threads, 1, MAX_THREADS)) {
    throw invalid('threads', threads, 1, MAX_THREADS);
  }
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function invalid(name: string, value: number, min: number, max: number): EngineFailure {
  return new EngineFailure(
    'invalid-request',
    `The setting foretoken.${name} is ${value}: give a whole number from ${min} to ${max}.`,
  );
}
