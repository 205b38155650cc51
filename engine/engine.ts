import { checkConfiguration } from './configuration.ts';
import { DecodingSetup } from './decoding/decoding-setup.ts';
import { assumedPassCost } from './core/tuning/pass-cost.ts';
import { loadDraft } from './draft/load-draft.ts';
import { chooseBackend, defaultThreads, describeDevice, type Backend } from './device.ts';
import { EngineFailure, toEngineError } from './engine-failure.ts';
import type { Installation } from './installation.ts';
import { listChoices } from './models/choices.ts';
import { listModels, resolveModel } from './models/resolve.ts';
import type {
  LibraryInfo,
  ModelLoad,
  NativeAddon,
  NativeContext,
  NativeModel,
} from './native/addon.d.ts';
import { attentionOptions } from './native/attention-options.ts';
import { loadAddon } from './native/load-addon.ts';
import { findPromptTokens } from './prompt-tokens/find-prompt-tokens.ts';
import { promptedDecoder } from './prompt-tokens/prompted-decoder.ts';
import { fingerprintModel } from './prompt-tokens/fingerprint.ts';
import {
  DEFAULT_CONFIGURATION,
  type EngineConfiguration,
  type EngineInfo,
  type EngineState,
  type LoadedModel,
  type LogEntry,
  type ModelsReport,
  type ModelSummary,
} from './protocol.ts';
import type { LoadedForTraining } from './prompt-tokens/training/open-training.ts';
import { Session } from './session.ts';
import { DeviceTuning } from './tuning/device-tuning.ts';

/** What the engine tells its surroundings while it works. */
export interface EngineListener {
  readonly onState: (state: EngineState) => void;
  readonly onLog: (entry: LogEntry) => void;
}

interface Libraries {
  readonly addon: NativeAddon;
  readonly backend: Backend;
  readonly library: LibraryInfo;
}

/** Tokens of one batch: llama.cpp's own default for prompts, and a cancel point on GPUs. */
const BATCH_TOKENS = 256;

/**
 * Rows of one forward pass at most: a tree wants the rows of all its nodes, and one sequence per path.
 * Plain decoding would do with one of each. GPUs take more rows at next to no cost.
 */
const MOST_ROWS = { cpu: 64, gpu: 128 } as const;

/**
 * Owns what is loaded: libraries (once per process: llama.cpp cannot be replaced in it), the model
 * and its session. `configure` moves it from one configuration to another.
 */
export class Engine {
  readonly #installation: Installation;
  readonly #listener: EngineListener;
  #libraries: Libraries | undefined;
  #session: Session | undefined;
  #tuning: DeviceTuning | undefined;
  #trainable: LoadedForTraining | undefined;
  #configuration: EngineConfiguration = DEFAULT_CONFIGURATION;
  #configured: Promise<void> = Promise.resolve();
  #loading: ModelLoad | undefined;
  #state: EngineState = { kind: 'idle' };

  constructor(installation: Installation, listener: EngineListener) {
    this.#installation = installation;
    this.#listener = listener;
  }

  get state(): EngineState {
    return this.#state;
  }

  /** The session, once the state is `ready`. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** What a training needs of the loaded model, once the state is `ready`. */
  get trainable(): LoadedForTraining | undefined {
    return this.#trainable;
  }

  /** Loads the model again, with what has become of its files. */
  async reload(): Promise<EngineState> {
    return this.configure({ ...this.#configuration });
  }

  /** What is measured of the device, once the state is `ready`. */
  get tuning(): DeviceTuning | undefined {
    return this.#tuning;
  }

  /** Runs a request: the device is not measured meanwhile. */
  whileBusy<T>(task: () => Promise<T>): Promise<T> {
    return this.#tuning === undefined ? task() : this.#tuning.whileBusy(task);
  }

  /**
   * Loads what the configuration names. A failure is a state, and leaves nothing loaded. Called again
   * while it loads, it gives up what it is at; all callers then get the state that the last one led to.
   */
  async configure(configuration: EngineConfiguration): Promise<EngineState> {
    this.#configuration = configuration;
    this.#loading?.abort();
    this.#configured = this.#configured.then(async () => {
      if (this.#configuration === configuration) await this.#reload(configuration);
    });
    for (let last; last !== this.#configured;) await (last = this.#configured);
    return this.#state;
  }

  async #reload(configuration: EngineConfiguration): Promise<void> {
    await this.unload();
    try {
      checkConfiguration(configuration);
      const model = await resolveModel(configuration.model, this.#installation);
      this.#setState({ kind: 'loading', model: model.name, progress: 0 });
      const libraries = await this.#open(configuration);
      this.#setState(await this.#load(model, configuration, libraries));
    } catch (error) {
      this.#setState({ kind: 'failed', error: toEngineError(error) });
    }
  }

  async info(): Promise<EngineInfo> {
    const { backend, library } = await this.#open(this.#configuration);
    const threads = this.#configuration.threads ?? defaultThreads(backend.mathCores);
    return {
      version: this.#installation.version,
      llamaCpp: backend.release,
      device: describeDevice(backend, library, threads).device,
      models: await listModels(this.#installation),
    };
  }

  /** The models to choose from, for this device. */
  async models(): Promise<ModelsReport> {
    const { device } = await this.info();
    const { backend } = await this.#open(this.#configuration);
    return {
      device,
      folder: this.#installation.modelsFolder,
      models: await listChoices(this.#installation, device, backend.llama),
    };
  }

  async unload(): Promise<void> {
    const session = this.#session;
    const tuning = this.#tuning;
    this.#session = undefined;
    this.#tuning = undefined;
    this.#trainable = undefined;
    this.#setState({ kind: 'idle' });
    // It measures in a context of the model.
    await tuning?.dispose();
    await session?.dispose();
  }

  async #open({ gpu }: Pick<EngineConfiguration, 'gpu'>): Promise<Libraries> {
    if (this.#libraries !== undefined) return this.#libraries;
    const addon = loadAddon(this.#installation.root);
    const backend = await chooseBackend(gpu, this.#installation.root);
    if (addon.builtFor !== backend.release) {
      throw new EngineFailure(
        'library-mismatch',
        `The native addon was built for llama.cpp ${addon.builtFor}, but ${backend.release} is installed: run "npm run build:native", or reinstall Foretoken.`,
      );
    }
    const library = addon.openLibraries(backend.libraryDirectory);
    addon.setLogger((level, message) => {
      // llama.cpp tells much at info level that only a developer wants to know.
      this.#listener.onLog({ level: level === 'info' ? 'debug' : level, message });
    });
    this.#libraries = { addon, backend, library };
    return this.#libraries;
  }

  async #load(
    summary: ModelSummary,
    configuration: EngineConfiguration,
    { addon, backend, library }: Libraries,
  ): Promise<EngineState> {
    const threads = configuration.threads ?? defaultThreads(backend.mathCores);
    const { device, gpu, warnings } = describeDevice(backend, library, threads);
    this.#loading = addon.loadModel({
      path: summary.path,
      gpuLayers: gpu ? -1 : 0,
      onProgress: (progress) => {
        this.#setState({ kind: 'loading', model: summary.name, progress });
      },
    });
    const native = await this.#loading.model.finally(() => (this.#loading = undefined));
    const kind = gpu ? 'gpu' : 'cpu';
    const mostRows = MOST_ROWS[kind];
    const createContext = (contextLength: number): Promise<NativeContext> =>
      native.createContext({
        contextLength,
        batchSize: BATCH_TOKENS,
        threads,
        batchThreads: threads,
        sequences: mostRows,
        outputRows: mostRows,
        ...attentionOptions(gpu),
      });
    const context = await createContext(
      Math.min(configuration.contextLength, native.info.trainedContextLength),
    );
    const found = await findPromptTokens(summary.path, this.#installation.modelsFolder);
    const { decoder, promptTokens, warning } = promptedDecoder(context, found);
    const { mixedMs: latencyMs } = assumedPassCost(kind, mostRows);
    const { draft, warning: draftWarning } = await loadDraft({
      setting: configuration.draft,
      summary,
      model: native,
      context,
      target: decoder,
      latencyMs,
      backend: kind,
      threads,
      installation: this.#installation,
      addon,
      libraries: backend,
      onLoad: (load) => (this.#loading = load),
    })
      .catch(async (error: unknown) => {
        await native.dispose();
        throw error;
      })
      .finally(() => (this.#loading = undefined));
    const decoding = new DecodingSetup({
      decoder,
      supportsTrees: context.supportsTrees,
      promptTokens,
      draft,
      profile: null,
      backend: kind,
      mostRows,
    });
    const { onLog } = this.#listener;
    const { name } = summary;
    if (context.supportsTrees) {
      this.#tuning = new DeviceTuning({
        key: {
          device: device.name,
          backend: device.backend,
          threads,
          weights: (await fingerprintModel(summary.path)).weights,
          contextLength: context.contextLength,
          mostRows,
          llamaCpp: backend.release,
          version: this.#installation.version,
        },
        model: native,
        createContext,
        promptTokens,
        decoding,
        modelsFolder: this.#installation.modelsFolder,
        onLog,
      });
      await this.#tuning.begin();
    }
    this.#session = new Session({ name, model: native, context, decoder, decoding, onLog });
    const { modelsFolder } = this.#installation;
    const flashAttention = gpu;
    this.#trainable = { addon, model: native, summary, device, flashAttention, modelsFolder };
    const model = describeModel(summary, native, context.contextLength);
    const noFim = `${summary.name} has no fill-in-the-middle tokens: text after the cursor is ignored.`;
    return {
      kind: 'ready',
      model,
      ...(draft !== null && { draft: draft.name }),
      device,
      warnings: [
        ...warnings,
        ...(model.fillInMiddle ? [] : [noFim]),
        ...(warning === null ? [] : [warning]),
        ...(draftWarning === null ? [] : [draftWarning]),
      ],
      modes: decoding.availability,
    };
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}

function describeModel(
  summary: ModelSummary,
  { info }: NativeModel,
  contextLength: number,
): LoadedModel {
  const { prefix, suffix, middle } = info.fimTokens;
  return {
    ...summary,
    architecture: info.architecture,
    description: info.description,
    parameterCount: info.parameterCount,
    contextLength,
    fillInMiddle: prefix !== null && suffix !== null && middle !== null,
  };
}
