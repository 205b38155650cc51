import type { NativeErrorCode } from './native/addon.d.ts';
import type { EngineError, EngineErrorCode } from './protocol.ts';

/** An `EngineError` on its way up; the server turns it into an outcome. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const CODES: ReadonlyMap<unknown, EngineErrorCode> = new Map<NativeErrorCode, EngineErrorCode>([
  ['library-unreadable', 'library-unreadable'],
  ['library-mismatch', 'library-mismatch'],
  ['model-unreadable', 'model-unreadable'],
  ['model-unsupported', 'model-unsupported'],
  ['out-of-memory', 'out-of-memory'],
  ['invalid-argument', 'invalid-request'],
]);

/** Anything thrown, as an error for the user. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineFailure) return { code: error.code, message: error.message };
  if (!(error instanceof Error)) return { code: 'decode-failed', message: String(error) };
  const code = 'code' in error ? CODES.get(error.code) : undefined;
  return { code: code ?? 'decode-failed', message: error.message };
}
