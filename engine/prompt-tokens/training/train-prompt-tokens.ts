import { startAdam } from '../../core/training/adamw.ts';
import type { GuessCounts } from '../../core/training/guess-counts.ts';
import { EngineFailure } from '../../engine-failure.ts';
import { TokenTraits } from '../../native/token-traits.ts';
import { pieceOf, promptVocabulary } from '../../native/vocabulary.ts';
import type {
  GuessShares,
  TrainingProgress,
  TrainOutcome,
  TrainRequest,
} from '../../protocol.ts';
import { fingerprintModel } from '../fingerprint.ts';
import { writePromptTokens } from '../prompt-token-file.ts';
import type { ModelFingerprint, PromptTokens } from '../prompt-tokens.ts';
import { collectTexts } from '../texts/collect-texts.ts';
import { sampleTexts } from '../texts/sample-texts.ts';
import { splitTexts, type SplitTexts } from '../texts/split-texts.ts';
import { BackgroundDecoder } from './background-decoder.ts';
import { removeCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { Foreground } from './foreground.ts';
import { measureGuesses } from './measure-guesses.ts';
import { openTraining, type LoadedForTraining, type OpenTraining } from './open-training.ts';
import {
  finalWindows,
  LOOK_WINDOWS,
  RELATIVE_RATE,
  SELF_SHARE,
  STREAMS,
  type TrainingSettings,
} from './settings.ts';
import { TextWindows } from './text-windows.ts';
import { runTraining } from './train-loop.ts';
import { progressOf, recentLoss, startPosition, type TrainingPosition } from './train-step.ts';
import { shares } from './guess-shares.ts';
import { checkRequest, settingsOf } from './training-request.ts';
import { findCheckpoint, takeTarget, type TrainingTarget } from './training-target.ts';
import { RememberedWindows, type TrainingWindow } from './windows.ts';

export interface TrainingSurroundings {
  readonly foreground: Foreground;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Omit<TrainingProgress, 'trainingId'>) => void;
}

/**
 * Trains prompt tokens for a loaded model (PPD section 3.1) and writes them. Cancelled, it leaves a
 * checkpoint from which another call goes on; the result is that of a training without a break.
 *
 * @throws EngineFailure, with what to do.
 */
export async function trainPromptTokens(
  loaded: LoadedForTraining,
  request: TrainRequest,
  surroundings: TrainingSurroundings,
): Promise<TrainOutcome> {
  checkRequest(request);
  const target = await takeTarget(request.out, loaded.summary, loaded.modelsFolder);
  try {
    const fingerprint = await fingerprintModel(loaded.summary.path);
    const checkpoint = await findCheckpoint(target.checkpoint, request, fingerprint);
    const settings = settingsOf(request, checkpoint);
    const open = await openTraining(loaded, settings);
    try {
      const paths = checkpoint === null || request.paths.length > 0 ? request.paths : checkpoint.paths;
      const run = new TrainingRun({
        ...{ loaded, request: { ...request, paths }, surroundings },
        ...{ target, fingerprint, checkpoint, settings, open },
      });
      return await run.run();
    } finally {
      await open.close();
    }
  } finally {
    await target.release();
  }
}

interface RunInput {
  readonly loaded: LoadedForTraining;
  readonly request: TrainRequest;
  readonly surroundings: TrainingSurroundings;
  readonly target: TrainingTarget;
  readonly fingerprint: ModelFingerprint;
  readonly checkpoint: Checkpoint | null;
  readonly settings: TrainingSettings;
  readonly open: OpenTraining;
}

/** One training, from texts to the file. */
class TrainingRun {
  readonly #input: RunInput;
  readonly #decoder: BackgroundDecoder;
  readonly #traits: TokenTraits;
  #position: TrainingPosition;
  #guesses: GuessShares | null = null;
  #savedAt = performance.now();

  constructor(input: RunInput) {
    const { open, checkpoint, surroundings } = input;
    this.#input = input;
    this.#traits = new TokenTraits(input.loaded.model);
    this.#decoder = new BackgroundDecoder(
      open.context,
      surroundings.foreground,
      surroundings.signal,
    );
    this.#position = checkpoint?.position ?? startPosition(startAdam(open.rows));
  }

  async run(): Promise<TrainOutcome> {
    const { checkpoint, settings, open, surroundings } = this.#input;
    this.#tell('preparing');
    const texts = await this.#texts();
    if (texts === null) return this.#cancelled();
    const windows = new RememberedWindows(
      this.#textWindows(texts.training, STREAMS.training, SELF_SHARE),
      checkpoint?.trainingWindows,
    );
    const heldOut = new RememberedWindows(
      this.#textWindows(texts.heldOut, STREAMS.heldOut, 1),
      checkpoint?.heldOutWindows,
    );
    const save = (): Promise<void> => this.#save(windows, heldOut);
    await this.#look(heldOut);
    const end = await runTraining(
      {
        ...{ trainer: open.trainer, windows, settings },
        highestRate: RELATIVE_RATE * open.scale,
        ...surroundings,
      },
      this.#position,
      async (position) => {
        const before = progressOf(this.#position, settings);
        this.#position = position;
        const isDue = Math.floor(LOOKS * progressOf(position, settings)) > Math.floor(LOOKS * before);
        if (isDue) await this.#look(heldOut);
        this.#tell('training');
        if (performance.now() - this.#savedAt > SAVE_INTERVAL_MS) await save();
      },
    );
    const outcome = end.kind === 'done' ? await this.#finish(heldOut) : null;
    if (outcome !== null) return outcome;
    await save();
    return this.#cancelled(this.#input.target.checkpoint);
  }

  #cancelled(checkpoint: string | null = null): TrainOutcome {
    return { kind: 'cancelled', checkpoint, steps: this.#position.adam.steps };
  }

  async #texts(): Promise<SplitTexts | null> {
    const { loaded, request, settings, surroundings } = this.#input;
    const { paths, exclude } = request;
    const { seed } = settings;
    const { signal } = surroundings;
    if (paths.length > 0) {
      const texts = await collectTexts({ paths, exclude, seed, signal });
      if (signal.aborted) return null;
      if (texts.length > 0) return splitTexts(texts);
      throw new EngineFailure(
        'invalid-request',
        'There is no text to learn from: name files or folders with source code that is not ignored, generated or minified.',
      );
    }
    const { model } = loaded;
    const texts = await sampleTexts({
      decoder: this.#decoder,
      vocabulary: promptVocabulary(model),
      isEnd: this.#traits.isEnd,
      textOf: (tokens) => new TextDecoder().decode(model.detokenize(Int32Array.from(tokens))),
      seed,
    });
    return texts === null ? null : splitTexts(texts);
  }

  #textWindows(texts: readonly string[], stream: number, selfShare: number): TextWindows {
    const { loaded, settings, open } = this.#input;
    return new TextWindows({
      ...{ texts, stream, selfShare, decoder: this.#decoder, isEnd: this.#traits.isEnd },
      vocabulary: promptVocabulary(loaded.model),
      pieceOf: (token) => pieceOf(loaded.model, token),
      seed: settings.seed,
      windowLength: open.windowLength,
      leastTokens: settings.promptTokens + LEAST_INSERTIONS,
    });
  }

  /** How good the rows are by now. */
  async #look(heldOut: RememberedWindows): Promise<void> {
    const counts = await this.#measure(this.#position.adam.parameters, heldOut, LOOK_WINDOWS);
    if (counts !== null) this.#guesses = shares(counts.marginal());
  }

  /** @returns Null when cancelled. */
  #measure(
    rows: Float32Array,
    heldOut: RememberedWindows,
    windows: number,
    onWindow: (done: number) => void = () => undefined,
  ): Promise<GuessCounts | null> {
    const { promptTokens: count, ensemble } = this.#input.settings;
    return measureGuesses(this.#decoder, { count, ensemble, rows }, firstOf(heldOut, windows, onWindow));
  }

  /** @returns Null when cancelled. */
  async #finish(heldOut: RememberedWindows): Promise<TrainOutcome | null> {
    const { open, target, loaded, settings } = this.#input;
    const { parameters, steps } = this.#position.adam;
    const windows = finalWindows(steps);
    const tell = (offset: number) => (done: number) => {
      this.#tell('measuring', offset + done / (2 * windows));
    };
    const trained = await this.#measure(parameters, heldOut, windows, tell(0));
    if (trained === null) return null;
    const untrained = await this.#measure(open.rows, heldOut, windows, tell(0.5));
    if (untrained === null) return null;
    const tokens = this.#promptTokens(trained, untrained);
    writePromptTokens(loaded.addon, target.file, tokens);
    await removeCheckpoint(target.checkpoint);
    const { record } = tokens;
    return {
      kind: 'completed',
      report: {
        path: target.file,
        model: loaded.summary.name,
        promptTokens: settings.promptTokens,
        ensemble: settings.ensemble,
        steps: record.steps,
        trainedTokens: record.trainedTokens,
        seconds: record.seconds,
        lossByDistance: record.lossByDistance,
        positions: trained.positions,
        trained: shares(trained.marginal()),
        untrained: shares(untrained.marginal()),
      },
    };
  }

  #promptTokens(trained: GuessCounts, untrained: GuessCounts): PromptTokens {
    const { loaded, settings, fingerprint } = this.#input;
    const { adam, seconds, trainedTokens } = this.#position;
    return {
      count: settings.promptTokens,
      ensemble: settings.ensemble,
      embeddingLength: loaded.model.info.embeddingLength,
      rows: adam.parameters,
      accuracies: trained.conditional(),
      calibration: trained.calibration(),
      fingerprint,
      record: {
        modelName: loaded.summary.name,
        quantisation: loaded.model.info.description.split(' ').at(-1) ?? '',
        steps: adam.steps,
        trainedTokens,
        seconds,
        lossByDistance: recentLoss(this.#position),
        trained: trained.marginal(),
        untrained: untrained.marginal(),
        device: loaded.device.name,
        date: new Date().toISOString(),
      },
    };
  }

  async #save(windows: RememberedWindows, heldOut: RememberedWindows): Promise<void> {
    const { fingerprint, settings, request, target } = this.#input;
    const { promptTokens, ensemble, seed } = settings;
    await writeCheckpoint(target.checkpoint, {
      ...{ fingerprint, promptTokens, ensemble, seed, paths: request.paths },
      position: this.#position,
      trainingWindows: windows.entries,
      heldOutWindows: heldOut.entries,
    });
    this.#savedAt = performance.now();
  }

  #tell(phase: TrainingProgress['phase'], ofPhase = 0): void {
    const { settings, surroundings } = this.#input;
    const done = progressOf(this.#position, settings);
    const { seconds, adam } = this.#position;
    surroundings.onProgress({
      phase,
      fraction: phase === 'measuring' ? ofPhase : done,
      steps: adam.steps,
      secondsLeft: done === 0 ? null : (seconds * (1 - done)) / done,
      loss: recentLoss(this.#position),
      guesses: this.#guesses,
    });
  }
}

/** Times that the guesses are measured while training. */
const LOOKS = 10;

const SAVE_INTERVAL_MS = 60_000;

/** A window with fewer is not worth its forward pass. */
const LEAST_INSERTIONS = 8;

/** The first windows of a source, each told when it has been used. */
async function* firstOf(
  source: RememberedWindows,
  count: number,
  onWindow: (done: number) => void,
): AsyncGenerator<TrainingWindow | null> {
  for (let index = 0; index < count; index += 1) {
    yield source.window(index);
    onWindow(index + 1);
  }
}
