import type { CompletedCompletion } from '../protocol.ts';
import { parse, parseCount, parseLocation, parseMode, UsageError } from './arguments.ts';
import { readDocument } from './document.ts';
import { load, orThrow, withEngine } from './with-engine.ts';

const OPTIONS = {
  model: { type: 'string' },
  draft: { type: 'string' },
  'max-tokens': { type: 'string', default: '64' },
  mode: { type: 'string', default: 'auto' },
  json: { type: 'boolean' },
} as const;

/** `complete FILE:LINE:COL`: what the engine proposes at that place, as raw text. */
export async function runComplete(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  const [place, ...rest] = positionals;
  if (place === undefined || rest.length > 0) {
    throw new UsageError('complete wants one place: complete FILE:LINE:COL.');
  }
  const { file, line, column } = parseLocation(place);
  const mode = parseMode(values.mode);
  const maxTokens = parseCount('--max-tokens', values['max-tokens'], { min: 1, max: 4096 });
  const document = await readDocument(file, line, column);
  const outcome = await withEngine(async (client) => {
    await load(client, values.model, values.draft);
    const request = {
      document,
      mode,
      strict: true,
      maxTokens,
      deadlineMs: null,
      multiline: true,
      streamId: null,
    };
    return orThrow(await client.complete(request, new AbortController().signal));
  });
  if (outcome.kind !== 'completed') {
    const why = outcome.kind === 'skipped' ? outcome.reason : outcome.kind;
    throw new UsageError(`Nothing to complete at ${place} (${why}).`);
  }
  const { text, finishReason, mode: used, model, timing } = outcome;
  console.log(
    values.json === true
      ? JSON.stringify({ text, finishReason, mode: used, model, timing })
      : describe(outcome),
  );
}

function describe({ text, finishReason, model, timing }: CompletedCompletion): string {
  const total = (timing.prefillMs + timing.decodeMs).toFixed(0);
  const rate = timing.tokensPerSecond.toFixed(0);
  return `${text}\n\n${model}: ${timing.tokens} tokens in ${total} ms, ${rate} tok/s (${finishReason})`;
}
