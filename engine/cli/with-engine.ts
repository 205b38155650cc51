import path from 'node:path';
import { createEngineClient } from '../client/create-engine-client.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { findInstallation } from '../installation.ts';
import { DEFAULT_CONFIGURATION, type EngineError, type EngineState } from '../protocol.ts';
import { UsageError } from './arguments.ts';

/** A failure the user can do something about is bad input; the rest is ours. */
export function orThrow<T extends { readonly kind: string }>(
  outcome: T,
): Exclude<T, { readonly kind: 'failed' }> {
  if (outcome.kind === 'failed' && 'error' in outcome) {
    throw new UsageError((outcome.error as EngineError).message);
  }
  return outcome as Exclude<T, { readonly kind: 'failed' }>;
}

/** Runs a task against a fresh engine process, the same one that the extension uses. */
export async function withEngine<T>(task: (client: EngineClient) => Promise<T>): Promise<T> {
  const entry = path.join(findInstallation().root, 'dist', 'engine.cjs');
  const client = createEngineClient({
    entry,
    onLog: ({ level, message }) => {
      if (process.env['FORETOKEN_LOG'] !== undefined) console.error(`[${level}] ${message}`);
    },
  });
  try {
    return await task(client);
  } finally {
    await client.dispose();
  }
}

/**
 * Loads a model, or throws what is wrong with it.
 *
 * @param draft A draft model, `none`, or undefined for the model's own.
 */
export async function load(
  client: EngineClient,
  model: string | undefined,
  draft?: string,
): Promise<Extract<EngineState, { kind: 'ready' }>> {
  const state = orThrow(
    await client.configure({
      ...DEFAULT_CONFIGURATION,
      model: model ?? null,
      draft: draft === 'none' ? null : (draft ?? 'auto'),
    }),
  );
  if (state.kind !== 'ready') throw new UsageError('The model was not loaded: try again.');
  for (const warning of state.warnings) console.error(`note: ${warning}`);
  return state;
}
