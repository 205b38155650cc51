import { topShares } from '../../core/training/guess-counts.ts';
import type { Accuracies } from '../../core/tree/accuracies.ts';
import type { GuessShares } from '../../protocol.ts';

/** Accuracies by rank as the three figures that people compare. */
export function shares(accuracies: Accuracies): GuessShares {
  const [top1, top5, top10] = [1, 5, 10].map((ranks) => topShares(accuracies, ranks));
  return { top1: top1 ?? [], top5: top5 ?? [], top10: top10 ?? [] };
}

