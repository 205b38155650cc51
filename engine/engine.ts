import { checkConfiguration } from './configuration.ts';
import { chooseBackend, defaultThreads, describeDevice } from './device.ts';
import { EngineFailure, toEngineError } from './engine-failure.ts';
import type { Installation } from './installation.ts';
import { loadModel, type Libraries } from './load-model.ts';
import { listChoices } from './models/choices.ts';
import { listModels, resolveModel } from './models/resolve.ts';
import type { ModelLoad } from './native/addon.d.ts';
import { loadAddon } from './native/load-addon.ts';
import {
  DEFAULT_CONFIGURATION,
  type EngineConfiguration,
  type EngineInfo,
  type EngineState,
  type LogEntry,
  type ModelsReport,
  type ModelSummary,
} from './protocol.ts';
import type { LoadedForTraining } from './prompt-tokens/training/open-training.ts';
import type { Session } from './session.ts';
import type { DeviceTuning } from './tuning/device-tuning.ts';

/** What the engine tells its surroundings while it works. */
export interface EngineListener {
  readonly onState: (state: EngineState) => void;
  readonly onLog: (entry: LogEntry) => void;
}

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
    libraries: Libraries,
  ): Promise<EngineState> {
    const { session, tuning, trainable, ready } = await loadModel({
      summary,
      configuration,
      libraries,
      installation: this.#installation,
      onLoad: (load) => (this.#loading = load),
      onProgress: (progress) => {
        this.#setState({ kind: 'loading', model: summary.name, progress });
      },
      onLog: this.#listener.onLog,
    }).finally(() => (this.#loading = undefined));
    this.#session = session;
    this.#tuning = tuning;
    this.#trainable = trainable;
    return ready;
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}
