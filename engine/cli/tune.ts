import { keptText, tuningText } from '../core/tuning/tuning-text.ts';
import type { TuneProgress } from '../protocol.ts';
import { parse, UsageError } from './arguments.ts';
import { load, orThrow, withEngine } from './with-engine.ts';

const OPTIONS = { model: { type: 'string' }, json: { type: 'boolean' } } as const;

/** `tune`: measures what passes cost on this device, and says what follows. */
export async function runTune(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (positionals.length > 0) throw new UsageError(`tune does not take "${positionals[0] ?? ''}".`);
  const interrupt = new AbortController();
  process.once('SIGINT', () => {
    interrupt.abort();
  });
  const { outcome, state } = await withEngine(async (client) => {
    const ready = await load(client, values.model);
    return { state: ready, outcome: orThrow(await client.tune(interrupt.signal, showProgress)) };
  });
  if (outcome.kind === 'cancelled') throw new UsageError('Measuring was cancelled.');
  const { device, model } = state;
  const { result } = outcome;
  if (values.json === true) {
    console.log(JSON.stringify({ device, model, ...result }));
    return;
  }
  const place = `${model.name} on ${device.name}, ${device.threads} threads`;
  console.log([place, '', tuningText(result), '', keptText(result)].join('\n'));
}

function showProgress({ done, total }: TuneProgress): void {
  if (!process.stderr.isTTY) return;
  const percent = Math.floor((100 * done) / total);
  process.stderr.write(`\rmeasuring: ${percent} %${done === total ? '\n' : ''}`);
}
