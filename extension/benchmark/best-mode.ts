import type { BenchReport } from '../../engine/protocol.ts';
import { timesText } from './figures.ts';
import type { BestView } from './view.ts';

export interface BestMode {
  readonly mode: string;
  readonly view: BestView;
}

/**
 * The mode to decode with, going by this run: the fastest of those that are surely faster than plain
 * decoding (their whole interval lies above 1), else plain decoding. `auto` is kept where it is as
 * fast within the interval, for it goes on adapting itself.
 *
 * @param current The mode that is set now.
 */
export function bestMode({ modes }: BenchReport, current: string): BestMode {
  const faster = Object.entries(modes)
    .filter(([name, { speedupOverPlain }]) => name !== 'plain' && speedupOverPlain.low > 1)
    .toSorted(([, a], [, b]) => b.speedupOverPlain.median - a.speedupOverPlain.median);
  const [fastest] = faster;
  const auto = modes['auto']?.speedupOverPlain.median ?? 0;
  const least = fastest?.[1].speedupOverPlain.low ?? 1;
  const mode = auto >= least ? 'auto' : (fastest?.[0] ?? 'plain');
  const reason =
    fastest === undefined
      ? 'No mode was surely faster than plain decoding.'
      : `${fastest[0]} was the fastest: ${timesText(fastest[1].speedupOverPlain.median)} plain decoding.`;
  return { mode, view: viewOf(mode, current, reason) };
}

function viewOf(mode: string, current: string, reason: string): BestView {
  if (mode === current) {
    return { action: null, text: `${reason} foretoken.mode is "${mode}" already.` };
  }
  return { action: `Set foretoken.mode to "${mode}"`, text: reason };
}
