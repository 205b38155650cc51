import { checkConfiguration } from './configuration.ts';
import { MOST_NGRAM_ROWS } from './core/tree/ngram-policy.ts';
import { chooseBackend, defaultThreads, describeDevice, type Backend } from './device.ts';
import { EngineFailure, toEngineError } from './engine-failure.ts';
import type { Installation } from './installation.ts';
import { listChoices } from './models/choices.ts';
import { listModels, resolveModel } from './models/resolve.ts';
import type { LibraryInfo, ModelLoad, NativeAddon, NativeModel } from './native/addon.d.ts';
import { loadAddon } from './native/load-addon.ts';
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
import { Session } from './session.ts';

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
 * Rows that one batch may return, and sequences that a context can tell apart: a tree wants all its
 * nodes' rows, and one sequence per path. Plain decoding would do with one of each.
 */
const OUTPUT_ROWS = MOST_NGRAM_ROWS;
const SEQUENCES = MOST_NGRAM_ROWS;

/**
 * Owns what is loaded: libraries (once per process: llama.cpp cannot be replaced in it), the model
 * and its session. `configure` moves it from one configuration to another.
 */
export class Engine {
  readonly #installation: Installation;
  readonly #listener: EngineListener;
  #libraries: Libraries | undefined;
  #session: Session | undefined;
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
    this.#session = undefined;
    this.#setState({ kind: 'idle' });
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
    const context = await native.createContext({
      contextLength: Math.min(configuration.contextLength, native.info.trainedContextLength),
      batchSize: BATCH_TOKENS,
      threads,
      batchThreads: threads,
      sequences: SEQUENCES,
      outputRows: OUTPUT_ROWS,
      // On the CPU it is slower and flips near ties between batch shapes.
      flashAttention: gpu,
    });
    this.#session = new Session(summary.name, native, context);
    const model = describeModel(summary, native, context.contextLength);
    const noFim = `${summary.name} has no fill-in-the-middle tokens: text after the cursor is ignored.`;
    return {
      kind: 'ready',
      model,
      device,
      warnings: model.fillInMiddle ? warnings : [...warnings, noFim],
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
