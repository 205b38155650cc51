import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startAdam } from '../../../engine/core/training/adamw.ts';
import {
  CheckpointError,
  checkpointPath,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
  type Checkpoint,
} from '../../../engine/prompt-tokens/training/checkpoint.ts';
import { Foreground } from '../../../engine/prompt-tokens/training/foreground.ts';
import {
  STEP_INSERTIONS,
  windowInsertions,
  type TrainingSettings,
} from '../../../engine/prompt-tokens/training/settings.ts';
import { runTraining, type TrainingEnd } from '../../../engine/prompt-tokens/training/train-loop.ts';
import {
  progressOf,
  recentLoss,
  startPosition,
  type TrainingParts,
  type TrainingPosition,
} from '../../../engine/prompt-tokens/training/train-step.ts';
import type { TrainingWindow, WindowSource } from '../../../engine/prompt-tokens/training/windows.ts';
import { FakeTrainer } from '../../support/fake-trainer.ts';

const COUNT = 3;
const WIDTH = 4;
const SETTINGS: TrainingSettings = {
  promptTokens: COUNT,
  ensemble: 1,
  steps: 60,
  seconds: Infinity,
  seed: 5,
};

/** Windows of different lengths; some hold fewer insertions than a step wants of one. */
const windows: WindowSource = {
  window: (index) =>
    Promise.resolve({
      tokens: Int32Array.from({ length: 24 + ((37 * index) % 100) }, (_, at) => index * 31 + at),
      firstInsertion: 4,
    }),
};

function parts(trainer: FakeTrainer, changes: Partial<TrainingParts> = {}): TrainingParts {
  return {
    trainer,
    windows,
    settings: SETTINGS,
    highestRate: 0.2,
    foreground: new Foreground(),
    signal: new AbortController().signal,
    ...changes,
  };
}

const start = (): TrainingPosition => startPosition(startAdam(new Float32Array(COUNT * WIDTH)));
const nothing = () => Promise.resolve();

function train(from = start(), changes: Partial<TrainingParts> = {}): Promise<TrainingEnd> {
  return runTraining(parts(new FakeTrainer(COUNT, WIDTH), changes), from, nothing);
}

/** Cancels after so many steps. */
async function interrupted(steps: number): Promise<TrainingEnd> {
  const controller = new AbortController();
  const { signal } = controller;
  return runTraining(parts(new FakeTrainer(COUNT, WIDTH), { signal }), start(), ({ adam }) => {
    if (adam.steps === steps) controller.abort();
    return nothing();
  });
}

/** All that training decides; the clock is nobody's decision. */
function decided({ position: { seconds, ...rest } }: TrainingEnd): unknown {
  assert.ok(seconds >= 0);
  return rest;
}

function checkpointOf(position: TrainingPosition): Checkpoint {
  const window: TrainingWindow = { tokens: Int32Array.of(1, -2, 1 << 30), firstInsertion: 1 };
  return {
    fingerprint: { model: 'm', weights: 'w' },
    promptTokens: COUNT,
    ensemble: 1,
    seed: 5,
    paths: ['/a', '/b c'],
    position,
    trainingWindows: [
      [0, window],
      [7, window],
    ],
    heldOutWindows: [[1, window]],
  };
}

describe('training', () => {
  it('makes the loss smaller, and ends after its steps', async () => {
    const losses: number[] = [];
    const trainer = new FakeTrainer(COUNT, WIDTH);
    const end = await runTraining(parts(trainer), start(), ({ losses: all }) => {
      losses.push(all.at(-1)!.reduce((sum, each) => sum + each, 0));
      return nothing();
    });
    assert.equal(end.kind, 'done');
    assert.equal(end.position.adam.steps, 60);
    assert.equal(losses.length, 60);
    assert.ok(losses.at(-1)! < 0.01 * losses[0]!, losses.join());
    assert.equal(recentLoss(end.position).length, COUNT);
    assert.equal(end.position.trainedTokens % COUNT, 0);
  });

  it('fills a step with windows until it has insertions enough', async () => {
    const { position } = await train(start(), { settings: { ...SETTINGS, steps: 1 } });
    const insertions = position.trainedTokens / COUNT;
    assert.ok(insertions >= STEP_INSERTIONS, String(insertions));
    assert.ok(insertions < STEP_INSERTIONS + windowInsertions(SETTINGS), String(insertions));
    assert.ok(position.windowsTaken > 1);
  });

  it('gives the same again, and another outcome with another seed', async () => {
    const first = await train();
    assert.deepEqual(decided(await train()), decided(first));
    const other = await train(start(), { settings: { ...SETTINGS, seed: 6 } });
    assert.notDeepEqual(other.position.adam.parameters, first.position.adam.parameters);
  });

  it('keeps the rows of one gradient within bounds', () => {
    const of = (promptTokens: number, ensemble: number) =>
      windowInsertions({ promptTokens, ensemble });
    assert.deepEqual([of(3, 1), of(2, 1), of(3, 4), of(16, 64)], [64, 64, 16, 1]);
  });

  it('ends by the clock where that comes first', () => {
    const position = { ...start(), seconds: 30 };
    assert.equal(progressOf(position, { steps: 10, seconds: 60 }), 0.5);
    assert.equal(progressOf(position, { steps: Infinity, seconds: 20 }), 1);
    assert.equal(progressOf(position, { steps: 10, seconds: Infinity }), 0);
  });

  it('stands where it was after the last whole step when it is cancelled', async () => {
    const end = await interrupted(7);
    assert.equal(end.kind, 'cancelled');
    assert.equal(end.position.adam.steps, 7);
  });

  it('cancelled before the first step, it stands at the start', async () => {
    const controller = new AbortController();
    controller.abort();
    const end = await train(start(), { signal: controller.signal });
    assert.deepEqual(end, { kind: 'cancelled', position: start() });
  });
});

describe('training and checkpoints', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'foretoken-unit-'));
  const file = path.join(folder, 'model.prompt-tokens.checkpoint.json');
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('a checkpoint comes back as it was', async () => {
    const { position } = await interrupted(3);
    const checkpoint = checkpointOf(position);
    await writeCheckpoint(file, checkpoint);
    assert.deepEqual(await readCheckpoint(file), checkpoint);
    assert.deepEqual(readdirSync(folder), [path.basename(file)]);
  });

  for (const steps of [1, 2, 31, 59]) {
    it(`interrupted after ${steps} steps and resumed it equals one without a break, bit for bit`, async () => {
      await writeCheckpoint(file, checkpointOf((await interrupted(steps)).position));
      const { position } = (await readCheckpoint(file))!;
      assert.equal(position.adam.steps, steps);
      assert.deepEqual(decided(await train(position)), decided(await train()));
    });
  }

  it('lies beside the file that it is for', () => {
    assert.equal(checkpointPath('/m/a.prompt-tokens.gguf'), '/m/a.prompt-tokens.checkpoint.json');
  });

  it('is null where there is none, and after it was removed', async () => {
    await writeCheckpoint(file, checkpointOf(start()));
    await removeCheckpoint(file);
    await removeCheckpoint(file);
    assert.equal(await readCheckpoint(file), null);
  });

  const damages: readonly [name: string, change: (text: string) => string][] = [
    ['cut short', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['another JSON', () => '[1, 2]'],
    ['null', () => 'null'],
    ['of a later version', (text) => text.replace('"version":1', '"version":2')],
    ['without a fingerprint', (text) => text.replace('"fingerprint"', '"f"')],
    ['with odd bytes', (text) => text.replace(/"parameters":"..../, '"parameters":"')],
    ['with a number as text', (text) => text.replace(/"steps":\d+/, '"steps":"7"')],
    ['with half a window', (text) => text.replace(/"trainingWindows":\[\[\d+,/, '"trainingWindows":[[')],
  ];
  for (const [name, change] of damages) {
    it(`is refused when ${name}`, async () => {
      await writeCheckpoint(file, checkpointOf(start()));
      const text = readFileSync(file, 'utf8');
      assert.notEqual(change(text), text);
      writeFileSync(file, change(text));
      await assert.rejects(readCheckpoint(file), (error: Error) => {
        assert.ok(error instanceof CheckpointError);
        assert.match(error.message, /damaged/);
        return true;
      });
    });
  }
});

describe('training gives way', () => {
  it('to the foreground: the call that runs is ended, and made again afterwards', async () => {
    const trainer = new FakeTrainer(COUNT, WIDTH);
    const foreground = new Foreground();
    const journal: string[] = [];
    let calls = 0;
    let release: () => void = () => undefined;
    const served = new Promise<void>((resolve) => (release = resolve));
    let completion: Promise<void> | undefined;
    trainer.onCall = () => {
      calls += 1;
      journal.push(`call ${calls}`);
      if (calls === 4) {
        completion = foreground.run(async () => {
          journal.push('completion starts');
          await served;
          journal.push('completion ends');
        });
        setTimeout(release, 5);
      }
      return nothing();
    };
    const end = await runTraining(parts(trainer, { foreground }), start(), nothing);
    await completion;
    assert.deepEqual(journal.slice(3, 7), ['call 4', 'completion starts', 'completion ends', 'call 5']);
    assert.deepEqual(decided(end), decided(await train()));
  });

  it('and takes nothing from an interruption', async () => {
    const trainer = new FakeTrainer(COUNT, WIDTH);
    trainer.interruptions = 5;
    const end = await runTraining(parts(trainer), start(), nothing);
    assert.deepEqual(decided(end), decided(await train()));
  });

  it('can be cancelled while it waits', async () => {
    const foreground = new Foreground();
    const controller = new AbortController();
    const never = new Promise<void>(() => undefined);
    void foreground.run(() => never);
    const ending = train(start(), { foreground, signal: controller.signal });
    controller.abort();
    assert.equal((await ending).kind, 'cancelled');
  });

  it('waits for the last of several tasks', async () => {
    const foreground = new Foreground();
    const journal: string[] = [];
    const task = (name: string, ms: number) =>
      foreground.run(async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        journal.push(name);
      });
    const both = Promise.all([task('long', 20), task('short', 1)]);
    const { signal } = new AbortController();
    await foreground.behind(
      () => {
        journal.push('background');
        return Promise.resolve(1);
      },
      () => undefined,
      signal,
    );
    await both;
    assert.deepEqual(journal, ['short', 'long', 'background']);
  });

  it('passes on what goes wrong', async () => {
    const trainer = new FakeTrainer(COUNT, WIDTH);
    trainer.onCall = () => Promise.reject(new Error('broken'));
    await assert.rejects(runTraining(parts(trainer), start(), nothing), /broken/);
    const foreground = new Foreground();
    await assert.rejects(foreground.run(() => Promise.reject(new Error('gone'))), /gone/);
    const { signal } = new AbortController();
    assert.equal(await foreground.behind(() => Promise.resolve(1), () => undefined, signal), 1);
  });
});
