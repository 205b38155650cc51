import type { ClientState } from '../../engine/client/engine-client.ts';
import { settingsOfMode } from '../../engine/core/decode/decoding-method.ts';
import { DECODING_MODES, type DeviceInfo, type TreeSettings } from '../../engine/protocol.ts';
import { deviceText } from '../figures.ts';
import { decidingSpeedup, timesText } from './figures.ts';
import type { BenchRun } from './run-record.ts';
import type { BestView } from './view.ts';

/** What decodes now. */
export interface Present {
  /** The value of foretoken.mode. */
  readonly mode: string;
  readonly tree: TreeSettings;
  /** Null where the engine is not there yet. */
  readonly loaded: Loaded | null;
}

export interface Loaded {
  readonly model: string;
  /** Null = none. */
  readonly draft: string | null;
  readonly device: DeviceInfo;
}

/** By setting, without "foretoken.": only what has to be changed, foretoken.mode last. */
export type AppliedSettings = Readonly<Record<string, string | number | boolean>>;

export interface BestSetting {
  /** The row of the report. */
  readonly row: string;
  /** Null = nothing to apply. */
  readonly settings: AppliedSettings | null;
  readonly view: BestView;
}

export function loadedIn(state: ClientState): Loaded | null {
  if (state.kind !== 'ready') return null;
  return { model: state.model.name, draft: state.draft ?? null, device: state.device };
}

/**
 * What to decode with, going by this run: as the fastest of the rows that are surely faster than plain
 * decoding (their whole interval lies above 1) and that settings can say, else plainly. `auto` is kept
 * where it is as fast within the interval, for it goes on adapting itself. Settings that the row does
 * not depend on are left alone; models are not changed, for a run tells of its own models only.
 */
export function bestSetting(run: BenchRun, present: Present): BestSetting {
  const faster = fasterThanPlain(run);
  const wanted = faster.map((name) => [name, settingsOfRow(name, run)] as const);
  const [best] = wanted.filter(([, settings]) => settings !== null);
  const row = autoIsAsFast(run, best?.[0]) ? 'auto' : (best?.[0] ?? 'plain');
  const reason = reasonOf(run, faster[0], row);
  const found = (settings: AppliedSettings | null, view: BestView): BestSetting => {
    return { row, settings, view };
  };
  const other = otherThanMeasured(run, row, present.loaded);
  if (other !== null) return found(null, { action: null, text: `${reason} ${other}` });
  const changes = changesTo(settingsOfRow(row, run) ?? {}, present);
  if (Object.keys(changes).length === 0) {
    const text = `${reason} foretoken.mode is "${present.mode}" already.`;
    return found(null, { action: null, text });
  }
  return found(changes, { action: actionFor(row), text: reason });
}

/** Rows of the report, the fastest first. */
function fasterThanPlain({ report: { modes } }: BenchRun): readonly string[] {
  return Object.entries(modes)
    .filter(([name, report]) => name !== 'plain' && decidingSpeedup(report).low > 1)
    .toSorted(([, a], [, b]) => decidingSpeedup(b).median - decidingSpeedup(a).median)
    .map(([name]) => name);
}

function autoIsAsFast({ report: { modes } }: BenchRun, best = 'plain'): boolean {
  const { auto, [best]: other } = modes;
  if (auto === undefined) return false;
  return decidingSpeedup(auto).median >= (other === undefined ? 1 : decidingSpeedup(other).low);
}

/**
 * The settings that decode as the row was measured. The modes that are for comparison become what
 * `manual` does like them; null where it cannot, or where the run does not know its settings.
 */
function settingsOfRow(row: string, { measuredWith }: BenchRun): AppliedSettings | null {
  if (row === 'auto' || row === 'plain') return { mode: row };
  const tree = row === 'manual' ? measuredWith?.tree : settingsOfNamed(row);
  if (tree === undefined || tree === null) return null;
  const named = Object.entries(tree).map(([name, value]) => [`tree.${name}`, value] as const);
  return { ...Object.fromEntries(named), mode: 'manual' };
}

function settingsOfNamed(row: string): Partial<TreeSettings> | null {
  const mode = DECODING_MODES.find((each) => each === row);
  return mode === undefined ? null : settingsOfMode(mode);
}

function changesTo(wanted: AppliedSettings, { mode, tree }: Present): AppliedSettings {
  const now: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(Object.entries(tree).map(([name, value]) => [`tree.${name}`, value])),
    mode,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => now[name] !== value));
}

/** Why the row's speed is not to be had with what is loaded now, and what to do; else null. */
function otherThanMeasured(
  { report, measuredWith }: BenchRun,
  row: string,
  loaded: Loaded | null,
): string | null {
  if (loaded === null) return null;
  const { model, device } = report;
  if (loaded.model !== model.name) {
    return `That was the model ${model.name}; ${loaded.model} is loaded now. Select the other model, or run the benchmark again.`;
  }
  if (!sameDevice(device, loaded.device)) {
    return `That was on ${deviceText(device)}; it is ${deviceText(loaded.device)} now. Run the benchmark again.`;
  }
  if (measuredWith === undefined || !mayDraft(row, measuredWith.tree)) return null;
  if (loaded.draft === measuredWith.draft) return null;
  const [draft, other] = [measuredWith.draft, loaded.draft].map((name) =>
    name === null ? 'no draft model' : `the draft model ${name}`,
  );
  return `That was with ${draft}; there is ${other} now. Change foretoken.draftModel, or run the benchmark again.`;
}

function sameDevice(a: DeviceInfo, b: DeviceInfo): boolean {
  return a.backend === b.backend && a.name === b.name && a.threads === b.threads;
}

function mayDraft(row: string, tree: TreeSettings): boolean {
  if (row === 'manual') return tree.draft;
  return row === 'auto' || settingsOfNamed(row)?.draft === true;
}

function reasonOf(run: BenchRun, fastest: string | undefined, row: string): string {
  if (fastest === undefined) return 'No mode was surely faster than plain decoding.';
  const { modes } = run.report;
  const speedOf = (name: string): string => {
    const report = modes[name];
    return timesText(report === undefined ? 1 : decidingSpeedup(report).median);
  };
  const told = `${fastest} was the fastest: ${speedOf(fastest)} plain decoding.`;
  if (row === fastest || settingsOfRow(fastest, run) !== null) return told;
  return `${told} The settings cannot say that; the next best is ${row}: ${speedOf(row)}.`;
}

function actionFor(row: string): string {
  if (row === 'auto' || row === 'plain') return `Set foretoken.mode to "${row}"`;
  return row === 'manual' ? 'Set foretoken.mode to "manual", as measured' : `Decode as ${row}`;
}
