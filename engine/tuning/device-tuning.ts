import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  isBelievable,
  profilesOf,
  type DeviceMeasurement,
} from '../core/tuning/device-measurement.ts';
import { chooseFrom, tuningRow, type TuningRow } from '../core/tuning/tuning-table.ts';
import type { DecodingSetup } from '../decoding/decoding-setup.ts';
import { toEngineError } from '../engine-failure.ts';
import type { NativeContext, NativeModel } from '../native/addon.d.ts';
import { NativeTreeDecoder } from '../native/native-tree-decoder.ts';
import type { PromptTokens } from '../prompt-tokens/prompt-tokens.ts';
import type { LogEntry, TuneOutcome, TuneProgress, TuningResult } from '../protocol.ts';
import { MEASURING_ROOM, type MeasuringPlace } from './measure-passes.ts';
import { readTuning, writeTuning, type TuningKey } from './tuning-file.ts';
import { Tuner } from './tuner.ts';

export interface DeviceTuningInput {
  /** All but what this file decides itself. */
  readonly key: Omit<TuningKey, 'depths' | 'promptTokens'>;
  readonly model: NativeModel;
  /** A context like the session's, of another length. */
  readonly createContext: (contextLength: number) => Promise<NativeContext>;
  readonly promptTokens: PromptTokens | null;
  readonly decoding: DecodingSetup;
  readonly modelsFolder: string;
  readonly onLog: (entry: LogEntry) => void;
}

/** A short text and a long one, in tokens; of models that read slowly not so long a one. */
const SHORT_TEXT = 128;
const LONG_TEXT = 1536;
const LONG_TEXT_OF_LARGE_MODELS = 512;
const LARGE_MODEL_BYTES = 2e9;

const BUDGET_MS = 8000;
const IDLE_MS = 4000;

/** Ranks of a guess that trees are built from, as in the decoding modes. */
const TOP_K = 10;

/**
 * Knows what passes cost on this device, from the file of an earlier measurement or from one of its
 * own, and tells the decoding setup.
 */
export class DeviceTuning {
  readonly #input: DeviceTuningInput;
  readonly #key: TuningKey;
  readonly #tuner: Tuner | null;
  #measurement: DeviceMeasurement | null = null;
  #file: string | null = null;

  constructor(input: DeviceTuningInput) {
    this.#input = input;
    const { key, promptTokens, model } = input;
    const depths = depthsFor(key.contextLength, model.info.sizeBytes);
    this.#key = {
      ...key,
      depths,
      promptTokens: promptTokens && {
        count: promptTokens.count,
        ensemble: promptTokens.ensemble,
      },
    };
    const plan = { depths, mostRows: key.mostRows, budgetMs: BUDGET_MS };
    this.#tuner =
      depths.length === 0
        ? null
        : new Tuner({
            plan,
            withPromptTokens: promptTokens !== null,
            open: () => this.#open(),
            onMeasured: (measurement) => this.#measured(measurement),
            idleMs: IDLE_MS,
          });
  }

  /** Milliseconds of passes as they were measured; null until they are. */
  get measurement(): DeviceMeasurement | null {
    return this.#measurement;
  }

  /** Uses what was measured before; where there is nothing, the next idle time is for measuring. */
  async begin(): Promise<void> {
    const known = await readTuning(this.#input.modelsFolder, this.#key);
    if (known === null) this.#tuner?.start();
    else this.#use(known);
  }

  /** Measures anew, and says what follows. */
  async tune(
    signal: AbortSignal,
    onProgress: (progress: TuneProgress) => void,
  ): Promise<TuneOutcome> {
    if (this.#tuner === null) return TOO_SHORT;
    try {
      const measurement = await this.#tuner.measure(signal, onProgress);
      if (measurement === null) return { kind: 'cancelled' };
      return { kind: 'completed', result: await this.#result(measurement) };
    } catch (error) {
      return { kind: 'failed', error: toEngineError(error) };
    }
  }

  /** Requests come first: see `Tuner`. */
  whileBusy<T>(task: () => Promise<T>): Promise<T> {
    return this.#tuner === null ? task() : this.#tuner.whileBusy(task);
  }

  async dispose(): Promise<void> {
    await this.#tuner?.dispose();
  }

  async #open(): Promise<MeasuringPlace> {
    const { model, promptTokens } = this.#input;
    const contexts: NativeContext[] = [];
    try {
      const chains = await this.#openDecoder(contexts);
      const trees = promptTokens === null ? chains : await this.#openDecoder(contexts);
      return { contexts, decoders: { chains, trees }, vocabularySize: model.info.vocabularySize };
    } catch (error) {
      await Promise.all(contexts.map((context) => context.dispose()));
      throw error;
    }
  }

  async #openDecoder(contexts: NativeContext[]): Promise<NativeTreeDecoder> {
    const { createContext, promptTokens } = this.#input;
    const context = await createContext(Math.max(...this.#key.depths) + MEASURING_ROOM);
    contexts.push(context);
    return new NativeTreeDecoder(context, promptTokens);
  }

  async #measured(measurement: DeviceMeasurement): Promise<void> {
    const { modelsFolder, onLog } = this.#input;
    if (!isBelievable(measurement)) {
      onLog({ level: 'info', message: 'The device was too busy to be measured.' });
      return;
    }
    this.#use(measurement);
    try {
      this.#file = await writeTuning(modelsFolder, this.#key, measurement);
    } catch (error) {
      const message = `What was measured of this device is not kept: ${String(error)}`;
      onLog({ level: 'warn', message });
    }
  }

  #use(measurement: DeviceMeasurement): void {
    this.#measurement = measurement;
    const profiles = profilesOf(measurement);
    this.#input.decoding.useProfile(profiles);
    const cost = (n: number): string => (profiles.chains.mixedMs[n] ?? NaN).toFixed(2);
    const message = `Device measured: a step of plain decoding takes ${profiles.chains.plainMs.toFixed(2)} ms, passes of 2, 4, 8 and 16 rows ${[2, 4, 8, 16].map(cost).join(', ')} ms.`;
    this.#input.onLog({ level: 'info', message });
  }

  async #result(measurement: DeviceMeasurement): Promise<TuningResult> {
    const { promptTokens } = this.#input;
    const profiles = profilesOf(measurement);
    const { plainMs } = profiles.chains;
    const table: TuningRow[] = [];
    for (const rows of measurement[0]?.chains.lengths ?? []) {
      table.push(tuningRow({ ...profiles, prompts: promptTokens, topK: TOP_K }, rows));
      // Building trees takes a while, and requests are to be heard meanwhile.
      await nextTurn();
    }
    const choice = chooseFrom(table, plainMs);
    const quiet = isBelievable(measurement);
    return { depths: measurement, plainMs, table, choice, quiet, file: quiet ? this.#file : null };
  }
}

const TOO_SHORT: TuneOutcome = {
  kind: 'failed',
  error: {
    code: 'invalid-request',
    message: 'The context is too short to be measured: raise foretoken.contextLength.',
  },
};

function depthsFor(contextLength: number, modelBytes: number): readonly number[] {
  const most = contextLength - MEASURING_ROOM;
  if (most < SHORT_TEXT) return [];
  const long = modelBytes > LARGE_MODEL_BYTES ? LONG_TEXT_OF_LARGE_MODELS : LONG_TEXT;
  return [...new Set([SHORT_TEXT, Math.min(long, most)])];
}
