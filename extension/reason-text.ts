import * as vscode from 'vscode';
import { explainGate, explainReject, type GateReason } from '../engine/core/completion/reasons.ts';
import type { Outcome } from './decision.ts';
import { latencyText } from './figures.ts';

/** One sentence on what became of a keystroke. */
export function outcomeSentence(outcome: Outcome, totalMs: number): string {
  switch (outcome.kind) {
    case 'shown':
      return shownSentence(outcome, latencyText(totalMs));
    case 'rejected':
      return vscode.l10n.t(explainReject(outcome.reason));
    case 'skipped':
      return skipSentence(outcome.reason);
    case 'cancelled':
      return vscode.l10n.t('The next keystroke came first.');
    case 'failed':
      return outcome.error.message;
  }
}

function shownSentence(
  { source, report }: Extract<Outcome, { kind: 'shown' }>,
  latency: string,
): string {
  switch (source) {
    case 'typed-through':
      return vscode.l10n.t('What you type is what the completion said: the engine was not asked.');
    case 'cache':
      return vscode.l10n.t('A completion known from before was shown after {0}.', latency);
    case 'engine':
      return vscode.l10n.t('{0} completed in {1}.', report?.model ?? '', latency);
  }
}

type SkipReason = Extract<Outcome, { kind: 'skipped' }>['reason'];

function skipSentence(reason: SkipReason): string {
  const own = ownSentences();
  return isOwn(own, reason) ? own[reason] : vscode.l10n.t(explainGate(reason));
}

type OwnReason = Exclude<SkipReason, GateReason>;

function isOwn(own: Record<OwnReason, string>, reason: SkipReason): reason is OwnReason {
  return reason in own;
}

/** For the reasons that engine/core does not know. */
function ownSentences(): Record<OwnReason, string> {
  const { t } = vscode.l10n;
  return {
    'excluded-file': t('The file is excluded by foretoken.exclude.'),
    'no-document': t('This is not a document: output and input boxes are not completed.'),
    'manual-only': t('foretoken.automatic is off: completions come on request only.'),
    'engine-restarting': t('The engine is restarting: completions come back in a moment.'),
    'empty-prompt': t('There is no text around the cursor to go on from.'),
  };
}
