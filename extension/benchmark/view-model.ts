import type { BenchReport } from '../../engine/protocol.ts';
import { deviceText, modelText } from '../figures.ts';
import { bestSetting, type Present } from './best-setting.ts';
import { chartsOf } from './charts.ts';
import { compareRuns, promptsText } from './compare.ts';
import { countText, decidingSpeedup, memoryText, timesWithInterval, timeText } from './figures.ts';
import type { BenchRun } from './run-record.ts';
import { breakdownTables, losslessTable, summaryTable } from './tables.ts';
import type { BenchView, Fact, RunChoice } from './view.ts';

export interface ViewInput {
  readonly run: BenchRun;
  /** All that are kept, newest first. */
  readonly runs: readonly BenchRun[];
  readonly comparedWith: BenchRun | null;
  readonly present: Present;
}

export function benchView({ run, runs, comparedWith, present }: ViewInput): BenchView {
  const { report } = run;
  return {
    runId: run.id,
    title: `Benchmark of ${report.model.name}`,
    headline: headline(report),
    lossless: losslessSentence(report),
    facts: factsOf(run),
    summary: summaryTable(report),
    charts: chartsOf(report),
    details: [losslessTable(report), ...breakdownTables(report)],
    best: bestSetting(run, present).view,
    runs: runs.map(choiceOf),
    comparison: comparedWith === null ? null : compareRuns(comparedWith, run),
  };
}

function headline({ modes }: BenchReport): string {
  const others = Object.entries(modes).filter(([name]) => name !== 'plain');
  const [fastest] = others.toSorted(
    ([, a], [, b]) => decidingSpeedup(b).median - decidingSpeedup(a).median,
  );
  if (fastest === undefined) return 'Only plain decoding was measured.';
  const [name, report] = fastest;
  const speedup = decidingSpeedup(report);
  const figures = timesWithInterval(speedup);
  const inAll = report.totalSpeedup === undefined ? '' : ' in all';
  if (speedup.low > 1) {
    return `${name} was the fastest mode: ${figures} plain decoding${inAll}.`;
  }
  if (speedup.high < 1) {
    return `Plain decoding was the fastest; ${name} came to ${figures}${inAll}.`;
  }
  return `No mode was surely faster than plain decoding; ${name} came to ${figures}${inAll}.`;
}

function losslessSentence({ modes }: BenchReport): BenchView['lossless'] {
  const parted = Object.entries(modes).filter(([, mode]) => !mode.identicalToPlain);
  if (parted.length === 0) {
    const prompts = countText(modes['plain']?.prompts ?? 0, 'prompt');
    return {
      ok: true,
      text: `Every mode gave plain decoding’s text, token for token: ${prompts}.`,
    };
  }
  const margins = parted.flatMap(([, { divergences }]) =>
    divergences.map(({ marginOfPlain }) => marginOfPlain),
  );
  const names = parted.map(([name]) => name).join(', ');
  const margin = Math.max(...margins).toFixed(3);
  return {
    ok: false,
    text: `Not the text of plain decoding everywhere: ${names}. Largest margin where they part: ${margin} logits; near 0 is a tie.`,
  };
}

function factsOf(run: BenchRun): readonly Fact[] {
  const { device, model, settings, peakMemoryBytes } = run.report;
  const missing = missingFacts(run);
  return [
    { name: 'Finished', value: timeText(run.finishedAt) },
    { name: 'Model', value: modelText(model) },
    { name: 'Device', value: deviceText(device) },
    { name: 'Versions', value: `Foretoken ${settings.version}, llama.cpp ${settings.llamaCpp}` },
    {
      name: 'Prompts',
      value: `${promptsText(run)}; ${countText(settings.maxTokens, 'token')} each, ${countText(settings.runs, 'run')}`,
    },
    { name: 'Peak memory of the engine', value: memoryText(peakMemoryBytes) },
    ...missing,
  ];
}

/** A line for each reason, with the modes that it keeps away. */
function missingFacts({ missing }: BenchRun): readonly Fact[] {
  const reasons = [...new Set(missing.map(({ unsupportedReason }) => unsupportedReason))];
  return reasons.map((reason) => {
    const modes = missing.filter(({ unsupportedReason }) => unsupportedReason === reason);
    const names = modes.map(({ mode }) => mode).join(', ');
    return { name: 'Not measured', value: `${names}: ${reason ?? 'not available'}` };
  });
}

function choiceOf(run: BenchRun): RunChoice {
  const { model, device } = run.report;
  const label = `${timeText(run.finishedAt)}: ${model.name}, ${device.backend}, ${promptsText(run)}`;
  return { id: run.id, label };
}
