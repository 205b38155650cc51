import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc';
import { runBench } from './bench.ts';
import { profilesOf } from './core/tuning/device-measurement.ts';
import { Engine } from './engine.ts';
import { toEngineError } from './engine-failure.ts';
import type { Installation } from './installation.ts';
import { LatestWins } from './latest-wins.ts';
import { NeighbourFeed } from './decoding/neighbour-feed.ts';
import { downloadByName } from './models/download-by-name.ts';
import {
  bench,
  benchProgress,
  complete,
  configure,
  downloadModel,
  downloadProgress,
  info,
  log,
  models,
  neighbourTexts,
  partialCompletion,
  stateChanged,
  tune,
  tuneProgress,
  trainingProgress,
  trainPromptTokens,
  type BenchOutcome,
  type BenchReport,
  type BenchRequest,
  type CompletionOutcome,
  type CompletionRequest,
  type EngineError,
  type InfoOutcome,
  type ModelsOutcome,
  type TuneOutcome,
} from './protocol.ts';
import { Foreground } from './prompt-tokens/training/foreground.ts';
import { Trainings } from './prompt-tokens/training/trainings.ts';
import type { Session } from './session.ts';

interface Failed {
  readonly kind: 'failed';
  readonly error: EngineError;
}

/** Serves one client on one connection. */
export function serve(connection: MessageConnection, installation: Installation): Engine {
  const engine = new Engine(installation, {
    onState: (state) => void connection.sendNotification(stateChanged, state),
    onLog: (entry) => void connection.sendNotification(log, entry),
  });
  const queue = new LatestWins();
  const foreground = new Foreground();
  const trainings = new Trainings(engine, foreground);
  const neighbours = new NeighbourFeed(foreground, () => engine.session?.neighbours);
  /** One task of the queue, which training and measuring give way to. */
  const inFront = <T>(
    token: CancellationToken,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> =>
    foreground.run(() => engine.whileBusy(() => queue.run(toSignal(token), task)));

  const runCompletion = async (
    request: CompletionRequest,
    signal: AbortSignal,
  ): Promise<CompletionOutcome> => {
    const { streamId, document } = request;
    if (isBinary(document.prefix) || isBinary(document.suffix)) {
      return { kind: 'skipped', reason: 'binary-text' };
    }
    return withSession(engine, (session) =>
      session.complete(request, signal, (text) => {
        if (streamId === null) return;
        void connection.sendNotification(partialCompletion, { streamId, text });
      }),
    );
  };

  const runBenchmark = (request: BenchRequest, signal: AbortSignal): Promise<BenchOutcome> =>
    withSession(engine, async (session) => {
      const { state } = engine;
      if (state.kind !== 'ready') return { kind: 'cancelled' };
      const { fillInMiddle } = state.model;
      const modes = await runBench({ session, request, fillInMiddle }, signal, (progress) => {
        void connection.sendNotification(benchProgress, progress);
      });
      if (modes === null) return { kind: 'cancelled' };
      const { version, llamaCpp } = await engine.info();
      const settings = {
        maxTokens: request.maxTokens,
        runs: request.runs,
        version,
        llamaCpp,
      };
      const { device, model } = state;
      const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
      const report = {
        device,
        model,
        settings,
        modes,
        passLatency: passLatencyOf(engine),
        peakMemoryBytes,
      };
      return { kind: 'completed', report };
    });

  const cancelled = { kind: 'cancelled' } as const;
  connection.onRequest(configure, async (configuration) => {
    await trainings.stop();
    await queue.drain();
    return engine.configure(configuration).finally(() => {
      neighbours.resume();
    });
  });
  connection.onNotification(neighbourTexts, (texts) => {
    neighbours.replace(texts);
  });
  let benchmarks = 0;
  connection.onRequest(complete, async (request, token) => {
    // It would end the benchmark that the user waits for.
    if (benchmarks > 0) return cancelled;
    return (await inFront(token, (signal) => runCompletion(request, signal))) ?? cancelled;
  });
  connection.onRequest(bench, async (request, token) => {
    benchmarks += 1;
    const outcome = await inFront(token, (signal) => runBenchmark(request, signal)).finally(
      () => (benchmarks -= 1),
    );
    return outcome ?? cancelled;
  });
  connection.onRequest(info, () =>
    orFailed(async (): Promise<InfoOutcome> => ({ kind: 'completed', info: await engine.info() })),
  );
  connection.onRequest(models, () =>
    orFailed(async (): Promise<ModelsOutcome> => ({
      kind: 'completed',
      report: await engine.models(),
    })),
  );
  connection.onRequest(downloadModel, ({ name, downloadId }, token) =>
    downloadByName(name, installation, toSignal(token), (progress) => {
      void connection.sendNotification(downloadProgress, { downloadId, ...progress });
    }),
  );
  connection.onRequest(trainPromptTokens, (request, token) =>
    orFailed(async () => {
      const outcome = await engine.whileBusy(() =>
        trainings.train(request, toSignal(token), (progress) => {
          void connection.sendNotification(trainingProgress, progress);
        }),
      );
      // From now on the session guesses with them.
      if (outcome.kind === 'completed') {
        await queue.drain();
        await engine.reload();
        neighbours.resume();
      }
      return outcome;
    }),
  );
  connection.onRequest(tune, async ({ tuneId }, token): Promise<TuneOutcome> => {
    const { tuning, state } = engine;
    if (tuning === undefined) return { kind: 'failed', error: notTunable(state) };
    return tuning.tune(toSignal(token), (progress) => {
      void connection.sendNotification(tuneProgress, { tuneId, ...progress });
    });
  });
  connection.listen();
  return engine;
}

/** Whatever goes wrong inside becomes an outcome: the engine stays up. */
async function withSession<T>(
  engine: Engine,
  task: (session: Session) => Promise<T>,
): Promise<T | Failed> {
  const { session, state } = engine;
  if (session === undefined) return { kind: 'failed', error: notReady(state) };
  return orFailed(() => task(session));
}

async function orFailed<T>(task: () => Promise<T>): Promise<T | Failed> {
  try {
    return await task();
  } catch (error) {
    return { kind: 'failed', error: toEngineError(error) };
  }
}

function notReady(state: Engine['state']): EngineError {
  if (state.kind === 'failed') return state.error;
  return {
    code: 'engine-unavailable',
    message: 'The model is not loaded yet: try again in a moment.',
  };
}

/** Of steps that differ in shape, as those of trees do; null = not measured. */
function passLatencyOf({ tuning }: Engine): BenchReport['passLatency'] {
  const measurement = tuning?.measurement ?? null;
  if (measurement === null) return null;
  const { mixedMs } = profilesOf(measurement).chains;
  return mixedMs.map((ms, rows) => ({ rows, ms })).slice(1);
}

function notTunable(state: Engine['state']): EngineError {
  if (state.kind !== 'ready') return notReady(state);
  return {
    code: 'mode-unavailable',
    message: 'This model decodes plainly in any case: there is nothing to measure.',
  };
}

/** Text with NUL characters is no source code, and no model has seen any. */
function isBinary(text: string): boolean {
  return text.includes('\0');
}

function toSignal(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => {
    controller.abort();
  });
  return controller.signal;
}
