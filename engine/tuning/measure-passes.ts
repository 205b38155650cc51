import { setImmediate } from 'node:timers/promises';
import {
  type DepthMeasurement,
  type DeviceMeasurement,
  type MeasuredPasses,
  type PassKind,
} from '../core/tuning/device-measurement.ts';
import { chainOf, promptTreeOf } from '../core/tuning/measuring-tree.ts';
import { isMeasured, passLengths } from '../core/tuning/pass-lengths.ts';
import { percentile } from '../core/metrics/percentiles.ts';
import { layoutTree } from '../core/tree/layout-tree.ts';
import type { NativeContext } from '../native/addon.d.ts';
import type { NativeTreeDecoder } from '../native/native-tree-decoder.ts';

/** What is measured in: contexts of its own, so that the editor's text stays in the session's. */
export interface MeasuringPlace {
  readonly contexts: readonly NativeContext[];
  /** In a context that has never seen a tree, chains may cost less. */
  readonly decoders: Readonly<Record<PassKind, NativeTreeDecoder>>;
  readonly vocabularySize: number;
}

export interface MeasuringPlan {
  /** Tokens in the cache, rising. */
  readonly depths: readonly number[];
  readonly mostRows: number;
  /** After some rounds, measuring ends when it has worked for so long. */
  readonly budgetMs: number;
}

/** One length of one kind at one depth, measured over and over. */
interface Subject {
  readonly depth: number;
  readonly kind: PassKind | 'plain';
  readonly rows: number;
  readonly steadyMs: number[];
  readonly mixedMs: number[];
}

export interface MeasuringProgress {
  readonly done: number;
  readonly total: number;
}

const ROUNDS = 16;
/** Those after the first are short. A machine that is busy elsewhere gets more time for them. */
const LEAST_ROUNDS = 4;
const MOST_BUDGETS = 3;

/**
 * Passes of one shape in a row. Before the first comes one of another shape, and in the second the CPU's
 * caches still miss some of what that one left behind.
 */
const PASSES = 4;
const STEADY_FROM = 2;

/** Load only ever adds: the low values are the device's. */
const LOW_PERCENT = 20;

/** Room in the cache behind the text. */
export const MEASURING_ROOM = 160;

/**
 * Measures L(n). Can be interrupted between any two passes and goes on from there. Passes run and are
 * kept as in decoding, so what they cost outside of the model is in the figures.
 */
export class PassMeasurement {
  readonly #plan: MeasuringPlan;
  /** By depth. */
  readonly #subjects: readonly (readonly Subject[])[];
  /** Index of the depth at hand: all rounds of one come before the next, whose text is longer. */
  #depth = 0;
  #round = 0;
  /** Of the next subject in this round. */
  #index = 0;
  /** At this depth. */
  #workedMs = 0;

  constructor(plan: MeasuringPlan, withPromptTokens: boolean) {
    this.#plan = plan;
    const kinds: readonly PassKind[] = withPromptTokens ? ['chains', 'trees'] : ['chains'];
    this.#subjects = plan.depths.map((depth) => [
      subject(depth, 'plain', 1),
      ...passLengths(plan.mostRows).flatMap((rows) =>
        kinds.map((kind) => subject(depth, kind, rows)),
      ),
    ]);
  }

  /** @returns Null when interrupted. */
  async run(
    place: MeasuringPlace,
    signal: AbortSignal,
    onProgress: (progress: MeasuringProgress) => void,
  ): Promise<DeviceMeasurement | null> {
    const cancel = (): void => {
      for (const context of place.contexts) context.cancel();
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for (let subjects = this.#next(); subjects !== undefined; subjects = this.#next()) {
        if (!(await this.#runRound(subjects, place, signal, onProgress))) return null;
      }
      return this.#result();
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** What is measured in the next round; undefined = all is done. */
  #next(): readonly Subject[] | undefined {
    const enough = this.#round >= LEAST_ROUNDS || this.#workedMs > MOST_BUDGETS * this.#budgetMs;
    if (this.#round === ROUNDS || (this.#round > 0 && enough && this.#workedMs > this.#budgetMs)) {
      this.#depth += 1;
      this.#round = 0;
      this.#workedMs = 0;
    }
    return this.#subjects[this.#depth];
  }

  async #runRound(
    subjects: readonly Subject[],
    place: MeasuringPlace,
    signal: AbortSignal,
    onProgress: (progress: MeasuringProgress) => void,
  ): Promise<boolean> {
    for (; this.#index < subjects.length; this.#index += 1) {
      const current = subjects[this.#index];
      if (current === undefined || !isMeasured(current.rows, this.#round)) continue;
      const started = performance.now();
      const done = !signal.aborted && (await measure(current, place, signal));
      this.#workedMs += performance.now() - started;
      if (!done) return false;
      onProgress(this.#progress(subjects.length));
      // The message goes out now, and not while a pass is measured.
      await setImmediate();
    }
    this.#round += 1;
    this.#index = 0;
    return true;
  }

  get #budgetMs(): number {
    return this.#plan.budgetMs / this.#plan.depths.length;
  }

  /** In thousandths; of a depth by rounds or by time, whichever is farther. */
  #progress(subjects: number): MeasuringProgress {
    const rounds = (this.#round + (this.#index + 1) / subjects) / ROUNDS;
    const time = this.#round > 0 ? this.#workedMs / this.#budgetMs : 0;
    const share = (this.#depth + Math.min(1, Math.max(rounds, time))) / this.#plan.depths.length;
    return { done: Math.round(1000 * share), total: 1000 };
  }

  #result(): DeviceMeasurement {
    return this.#subjects.map((own, index): DepthMeasurement => {
      const trees = own.filter(({ kind }) => kind === 'trees');
      const plain = own.find(({ kind }) => kind === 'plain');
      return {
        contextTokens: this.#plan.depths[index] ?? 0,
        plainMs: low(plain?.steadyMs ?? []),
        chains: passesOf(own.filter(({ kind }) => kind === 'chains')),
        trees: trees.length === 0 ? null : passesOf(trees),
      };
    });
  }
}

function subject(depth: number, kind: Subject['kind'], rows: number): Subject {
  return { depth, kind, rows, steadyMs: [], mixedMs: [] };
}

function passesOf(subjects: readonly Subject[]): MeasuredPasses {
  return {
    lengths: subjects.map(({ rows }) => rows),
    steadyMs: subjects.map(({ steadyMs }) => low(steadyMs)),
    mixedMs: subjects.map(({ mixedMs }) => low(mixedMs)),
  };
}

function low(values: readonly number[]): number {
  return percentile(values, LOW_PERCENT) ?? 0;
}

/** @returns False when interrupted; what was measured until then is dropped. */
async function measure(
  { depth, kind, rows, steadyMs, mixedMs }: Subject,
  { decoders, vocabularySize }: MeasuringPlace,
  signal: AbortSignal,
): Promise<boolean> {
  const decoder = decoders[kind === 'plain' ? 'chains' : kind];
  if (decoder.length < depth) {
    const text = textOf(depth, vocabularySize);
    if ((await decoder.prefill(text, () => signal.aborted)) === null) return false;
  }
  decoder.truncate(depth);
  if (!(await passOf('chains', rows === 1 ? 2 : 1, decoder, vocabularySize)())) return false;
  const pass = passOf(kind, rows, decoder, vocabularySize);
  const times: number[] = [];
  for (let index = 0; index < PASSES; index += 1) {
    const started = performance.now();
    if (!(await pass())) return false;
    times.push(performance.now() - started);
  }
  mixedMs.push(...times.slice(0, 1));
  steadyMs.push(...times.slice(STEADY_FROM));
  return true;
}

/** One pass, kept as a step in which nothing is accepted. */
function passOf(
  kind: Subject['kind'],
  rows: number,
  decoder: NativeTreeDecoder,
  vocabularySize: number,
): () => Promise<boolean> {
  if (kind === 'plain') {
    const token = 300 % vocabularySize;
    return async () => (await decoder.append([token])) !== null;
  }
  const { promptTokens } = decoder;
  const treeOf = kind === 'chains' ? chainOf : promptTreeOf;
  const { ensemble } = promptTokens;
  const layout = layoutTree(treeOf({ rows, vocabularySize, promptTokens }), { ensemble });
  return async () => {
    if ((await decoder.forward(layout)) === null) return false;
    decoder.keep([0]);
    return true;
  };
}

/** Some text of a length; what it says does not matter. */
function textOf(length: number, vocabularySize: number): readonly number[] {
  return Array.from({ length }, (_, index) => (300 + ((index * 7) % 900)) % vocabularySize);
}
