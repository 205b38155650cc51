import * as vscode from 'vscode';
import type { Concession } from '../engine/protocol.ts';
import { latencyText } from './figures.ts';

/** What a completion had to give up for foretoken.latencyBudgetMs. */
export function concessionText(concession: Concession): string {
  const { t } = vscode.l10n;
  switch (concession.kind) {
    case 'context-shortened': {
      const { from, to } = concession;
      return t('context shortened from {0} to {1} tokens', from, to);
    }
    case 'length-limited':
      return t('length limited to {0} tokens', concession.to);
    case 'budget-too-small': {
      const expected = latencyText(concession.expectedMs);
      const budget = latencyText(concession.budgetMs);
      return t('the first line takes about {0} here, over the budget of {1}', expected, budget);
    }
  }
}

/** Of all of them, for a hover; empty where nothing was given up. */
export function concessionsText(concessions: readonly Concession[]): string {
  if (concessions.length === 0) return '';
  const list = concessions.map(concessionText).join('; ');
  return vscode.l10n.t('Given up for the latency budget: {0}.', list);
}
