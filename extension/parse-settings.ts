import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_TREE_SETTINGS,
  TREE_LIMITS,
  type TreeSettings,
} from '../engine/core/decode/tree-settings.ts';
import type { EngineConfiguration, GpuSetting } from '../engine/protocol.ts';
import { MOST_TEMPERATURE, type SamplingSettings } from '../engine/core/decode/sampling.ts';

/** Settings that hold for the whole window. */
export interface Settings {
  readonly engine: EngineConfiguration;
  readonly mode: (typeof MODE_SETTINGS)[number];
  /** For mode `manual`. */
  readonly tree: TreeSettings;
  readonly maxTokens: number;
  readonly sampling: SamplingSettings;
  /** Null: no limit. */
  readonly deadlineMs: number | null;
  /** Null: none. */
  readonly latencyBudgetMs: number | null;
  readonly debounceMs: number | 'auto';
  /** Complete as the user types; false: on request only. */
  readonly automatic: boolean;
  /** Glob patterns of files that are neither read nor completed. */
  readonly exclude: readonly string[];
  readonly latencyInline: boolean;
  readonly latencyInStatusBar: boolean;
}

/** Settings that a language or a folder may override. */
export interface DocumentSettings {
  readonly enabled: boolean;
  readonly multiline: boolean;
}

/** Reads one value by its name below `foretoken.`; what it gives is not to be trusted. */
export type ReadSetting = (name: string) => unknown;

interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** The same numbers as in package.json, which a test compares. */
export const INTEGER_SETTINGS = {
  threads: { min: 0, max: 256, fallback: 0 },
  contextLength: { min: 512, max: 131072, fallback: 4096 },
  maxTokens: { min: 1, max: 1024, fallback: 96 },
  deadlineMs: { min: 0, max: 60000, fallback: 1500 },
  latencyBudgetMs: { min: 0, max: 60000, fallback: 0 },
  'tree.nodeBudget': treeRange('nodeBudget'),
  'tree.depth': treeRange('depth'),
  'tree.promptTokens': treeRange('promptTokens'),
  'tree.topK': treeRange('topK'),
} as const satisfies Record<string, IntegerRange>;

export const DEBOUNCE_MAX_MS = 2000;
export const GPU_SETTINGS = ['auto', 'cpu', 'cuda', 'vulkan', 'metal'] as const;
/** The other modes are for comparisons: `auto` chooses among them, `manual` can say all they do. */
export const MODE_SETTINGS = ['auto', 'manual', 'plain'] as const;

/** Turns raw values into settings; every value that had to be replaced is told in `problems`. */
export function parseSettings(read: ReadSetting): {
  readonly settings: Settings;
  readonly problems: readonly string[];
} {
  const values = new SettingReader(read);
  const settings: Settings = {
    engine: parseEngine(values),
    mode: values.choice('mode', MODE_SETTINGS, 'auto'),
    tree: parseTree(values),
    maxTokens: values.integer('maxTokens', INTEGER_SETTINGS.maxTokens),
    sampling: {
      temperature: values.temperature(),
      typicalAcceptance: values.flag('typicalAcceptance', false),
    },
    deadlineMs: zeroIsNull(values.integer('deadlineMs', INTEGER_SETTINGS.deadlineMs)),
    latencyBudgetMs: zeroIsNull(
      values.integer('latencyBudgetMs', INTEGER_SETTINGS.latencyBudgetMs),
    ),
    debounceMs: values.debounce(),
    automatic: values.flag('automatic', true),
    exclude: values.patterns('exclude'),
    latencyInline: values.flag('latency.inline', true),
    latencyInStatusBar: values.flag('latency.statusBar', true),
  };
  return { settings, problems: values.problems };
}

export function parseDocumentSettings(read: ReadSetting): DocumentSettings {
  const values = new SettingReader(read);
  return { enabled: values.flag('enabled', true), multiline: values.flag('multiline', true) };
}

function parseEngine(values: SettingReader): EngineConfiguration {
  return {
    model: expandHome(values.text('model')),
    draft: parseDraft(values.text('draftModel')),
    gpu: values.choice<GpuSetting>('gpu', GPU_SETTINGS, 'auto'),
    threads: zeroIsNull(values.integer('threads', INTEGER_SETTINGS.threads)),
    contextLength: values.integer('contextLength', INTEGER_SETTINGS.contextLength),
  };
}

function parseTree(values: SettingReader): TreeSettings {
  const count = (name: keyof typeof TREE_LIMITS): number =>
    values.integer(`tree.${name}`, INTEGER_SETTINGS[`tree.${name}`]);
  const flag = (name: 'adaptive' | 'ngram' | 'draft'): boolean =>
    values.flag(`tree.${name}`, DEFAULT_TREE_SETTINGS[name]);
  return {
    nodeBudget: count('nodeBudget'),
    depth: count('depth'),
    promptTokens: count('promptTokens'),
    topK: count('topK'),
    adaptive: flag('adaptive'),
    ngram: flag('ngram'),
    draft: flag('draft'),
  };
}

function treeRange(name: keyof typeof TREE_LIMITS): IntegerRange {
  return { ...TREE_LIMITS[name], fallback: DEFAULT_TREE_SETTINGS[name] };
}

function parseDraft(setting: string): string | null {
  if (setting === '' || setting === 'auto') return 'auto';
  return setting === 'none' ? null : expandHome(setting);
}

function expandHome(model: string): string | null {
  if (model === '') return null;
  return /^~[/\\]/.test(model) ? join(homedir(), model.slice(2)) : model;
}

function zeroIsNull(value: number): number | null {
  return value === 0 ? null : value;
}

class SettingReader {
  readonly problems: string[] = [];
  readonly #read: ReadSetting;

  constructor(read: ReadSetting) {
    this.#read = read;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#read(name) ?? fallback;
    return typeof value === 'boolean' ? value : this.#replace(name, value, fallback);
  }

  text(name: string): string {
    const value = this.#read(name) ?? '';
    return typeof value === 'string' ? value.trim() : this.#replace(name, value, '');
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.#read(name) ?? fallback;
    return choices.find((choice) => choice === value) ?? this.#replace(name, value, fallback);
  }

  integer(name: string, { min, max, fallback }: IntegerRange): number {
    const value = this.#read(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return this.#replace(name, value, fallback);
    }
    const clamped = Math.min(max, Math.max(min, Math.round(value)));
    return clamped === value ? value : this.#replace(name, value, clamped);
  }

  temperature(): number {
    const value = this.#read('temperature') ?? 0;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return this.#replace('temperature', value, 0);
    }
    const clamped = Math.min(MOST_TEMPERATURE, Math.max(0, value));
    return clamped === value ? value : this.#replace('temperature', value, clamped);
  }

  debounce(): number | 'auto' {
    if ((this.#read('debounce') ?? 'auto') === 'auto') return 'auto';
    const value = this.integer('debounce', { min: 0, max: DEBOUNCE_MAX_MS, fallback: -1 });
    return value === -1 ? 'auto' : value;
  }

  /** As in `files.exclude`: the patterns whose value is true. */
  patterns(name: string): readonly string[] {
    const value = this.#read(name) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) return this.#replace(name, value, []);
    return Object.entries(value).flatMap(([pattern, on]) => (on === true ? [pattern] : []));
  }

  #replace<T>(name: string, value: unknown, used: T): T {
    const shown = used === -1 ? 'auto' : used;
    this.problems.push(
      `foretoken.${name}: ${JSON.stringify(value)} is not allowed; ${JSON.stringify(shown)} is used.`,
    );
    return used;
  }
}
