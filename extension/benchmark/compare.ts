import { changeText, countText, msText, rateText, timeText } from './figures.ts';
import type { BenchRun } from './run-record.ts';
import { number, text } from './tables.ts';
import type { ComparisonView } from './view.ts';

/** Two runs side by side, for the modes that both have. */
export function compareRuns(before: BenchRun, after: BenchRun): ComparisonView {
  const pairs = Object.entries(after.report.modes).flatMap(([name, now]) => {
    const then = before.report.modes[name];
    return then === undefined ? [] : [{ name, then, now }];
  });
  return {
    runId: before.id,
    warnings: differences(before, after),
    table: {
      caption: `Compared with ${timeText(before.finishedAt)}`,
      columns: [
        text('Mode'),
        number('Tokens per second then'),
        number('now'),
        number('change'),
        number('Tokens per step then'),
        number('now'),
        number('First line then'),
        number('now'),
        text('Text'),
      ],
      rows: pairs.map(({ name, then, now }) => [
        name,
        rateText(then.tokensPerSecond.median),
        rateText(now.tokensPerSecond.median),
        changeText(then.tokensPerSecond.median, now.tokensPerSecond.median),
        then.tokensPerStep.toFixed(2),
        now.tokensPerStep.toFixed(2),
        msText(then.latencyMs.firstLine.p50),
        msText(now.latencyMs.firstLine.p50),
        then.tokenStreamSha256 === now.tokenStreamSha256 ? 'same' : 'other',
      ]),
    },
  };
}

/** What else changed between the runs. */
function differences(before: BenchRun, after: BenchRun): readonly string[] {
  const [then, now] = [before.report, after.report];
  const changed: readonly [what: string, then: string, now: string][] = [
    ['model', then.model.name, now.model.name],
    [
      'device',
      `${then.device.backend}: ${then.device.name}`,
      `${now.device.backend}: ${now.device.name}`,
    ],
    ['threads', String(then.device.threads), String(now.device.threads)],
    ['prompts', promptsText(before), promptsText(after)],
    ['tokens per prompt', String(then.settings.maxTokens), String(now.settings.maxTokens)],
    ['llama.cpp', then.settings.llamaCpp, now.settings.llamaCpp],
    ['Foretoken', then.settings.version, now.settings.version],
  ];
  return changed
    .filter(([, old, current]) => old !== current)
    .map(([what, old, current]) => `Other ${what}: ${old} then, ${current} now.`);
}

export function promptsText({ prompts, report }: BenchRun): string {
  const count = countText(report.modes['plain']?.prompts ?? 0, 'prompt');
  return prompts === 'built-in' ? `${count}, built in` : `${count} from the workspace`;
}
