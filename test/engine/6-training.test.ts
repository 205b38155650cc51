import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createEngineClient } from '../../engine/client/create-engine-client.ts';
import { readPromptTokens } from '../../engine/prompt-tokens/prompt-token-file.ts';
import type { TrainingProgress, TrainOutcome, TrainRequest } from '../../engine/protocol.ts';
import { completed, CPU, ENGINE, NEVER, request, temporaryFolder } from './support.ts';

const STEPS = 4;
const MODEL = 'foretoken-code-6m.Q8_0';

type Report = Extract<TrainOutcome, { kind: 'completed' }>['report'];

describe('engine: training of prompt tokens', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  // The engine looks for prompt tokens there, so these tests leave no trace in the user's own.
  const client = createEngineClient({ entry: ENGINE, modelsFolder: at('models') });
  const threads = 1;
  before(() => client.configure({ ...CPU, threads }));
  after(() => client.dispose());

  before(() => {
    for (const name of ['total', 'user', 'path', 'index']) {
      const text = [
        `export function ${name}Of(list: readonly number[]): number {`,
        `  let ${name} = 0;`,
        `  for (const each of list) {`,
        `    if (each > ${name}) ${name} = each;`,
        `  }`,
        `  return ${name};`,
        `}\n\n`,
      ].join('\n');
      writeFileSync(at(`${name}.ts`), text.repeat(8));
    }
  });

  function train(
    changes: Partial<TrainRequest> = {},
    signal = NEVER,
    onProgress?: (progress: TrainingProgress) => void,
  ): Promise<TrainOutcome> {
    const paths = ['total.ts', 'user.ts', 'path.ts', 'index.ts'].map(at);
    const all = { paths, exclude: [], promptTokens: 2, ensemble: 1, steps: STEPS, minutes: null };
    return client.trainPromptTokens(
      { ...all, resume: false, out: at('out.gguf'), ...changes },
      signal,
      onProgress,
    );
  }

  function reportOf(outcome: TrainOutcome): Report {
    assert.ok(outcome.kind === 'completed', JSON.stringify(outcome));
    return outcome.report;
  }

  async function failure(outcome: Promise<TrainOutcome>): Promise<string> {
    const answer = await outcome;
    assert.ok(answer.kind === 'failed', JSON.stringify(answer));
    return answer.error.message;
  }

  /** Cancels after so many steps. */
  async function interrupted(steps: number, out: string): Promise<string> {
    const controller = new AbortController();
    const outcome = await train({ out }, controller.signal, (progress) => {
      if (progress.steps >= steps) controller.abort();
    });
    assert.ok(outcome.kind === 'cancelled', JSON.stringify(outcome));
    assert.ok(outcome.steps >= steps && outcome.steps < STEPS);
    assert.ok(outcome.checkpoint !== null && existsSync(outcome.checkpoint));
    return outcome.checkpoint;
  }

  it('trains, tells how it goes, and writes a file that fits', async () => {
    const progress: TrainingProgress[] = [];
    const report = reportOf(await train({}, NEVER, (each) => progress.push(each)));
    assert.equal(report.steps, STEPS);
    assert.equal(report.lossByDistance.length, 2);
    assert.ok(report.positions > 100 && report.trainedTokens >= STEPS * 2 * 32);
    for (const { top1, top5, top10 } of [report.trained, report.untrained]) {
      assert.equal(top10.length, 2);
      for (const [index, share] of top10.entries()) {
        assert.ok(share >= top5[index]! && top5[index]! >= top1[index]! && share <= 1);
      }
    }
    const phases = new Set(progress.map((each) => each.phase));
    assert.deepEqual([...phases], ['preparing', 'training', 'measuring']);
    assert.deepEqual(
      progress.filter((each) => each.phase === 'training').map((each) => each.steps),
      [1, 2, 3, 4],
    );
    assert.ok(progress.some((each) => each.guesses !== null && each.loss.length === 2));
    const tokens = await readPromptTokens(report.path);
    assert.deepEqual([tokens.count, tokens.ensemble], [2, 1]);
    assert.equal(tokens.record.steps, STEPS);
    assert.equal(tokens.accuracies[0]?.length, 32);
    assert.ok(!existsSync(at('out.checkpoint.json')));
  });

  it('cancelled and resumed, it gives the same prompt tokens, bit for bit', async () => {
    const { rows } = await readPromptTokens(at('out.gguf'));
    const checkpoint = await interrupted(2, at('resumed.gguf'));
    assert.ok(!existsSync(at('resumed.gguf')));
    // Without paths: the checkpoint knows them.
    const report = reportOf(await train({ out: at('resumed.gguf'), resume: true, paths: [] }));
    assert.equal(report.steps, STEPS);
    assert.deepEqual((await readPromptTokens(report.path)).rows, rows);
    assert.ok(!existsSync(checkpoint));
  });

  it('refuses the checkpoint of another model, and a damaged one', async () => {
    const checkpoint = await interrupted(1, at('other.gguf'));
    const text = readFileSync(checkpoint, 'utf8');
    const resumed = () => failure(train({ out: at('other.gguf'), resume: true }));
    writeFileSync(checkpoint, text.replace(/"model":"[0-9a-f]+"/, '"model":"00"'));
    assert.match(await resumed(), /another model/);
    writeFileSync(checkpoint, text.slice(0, 500));
    assert.match(await resumed(), /damaged/);
  });

  it('says what is wrong with a request', async () => {
    assert.match(
      await failure(train({ resume: true, out: at('none.gguf') })),
      /nothing|no training/i,
    );
    assert.match(await failure(train({ paths: [at('none')] })), /no file or folder/);
    assert.match(await failure(train({ promptTokens: 0 })), /1 to 16/);
    assert.match(await failure(train({ steps: null })), /steps or of minutes/);
    assert.match(await failure(train({ out: at('no/folder.gguf') })), /cannot be written/);
    writeFileSync(at('empty.ts'), '\n');
    assert.match(await failure(train({ paths: [at('empty.ts')] })), /no text to learn from/);
  });

  it('gives way to completions, and there is one training at a time', async () => {
    const controller = new AbortController();
    const answers: Promise<void>[] = [];
    const outcome = await train({ steps: 1000 }, controller.signal, ({ steps }) => {
      if (steps !== 1 || answers.length > 0) return;
      answers.push(
        (async () => {
          assert.match(await failure(train()), /running already/);
          completed(await client.complete(request('let total = |'), NEVER));
          controller.abort();
        })(),
      );
    });
    await Promise.all(answers);
    assert.equal(answers.length, 1);
    assert.equal(outcome.kind, 'cancelled');
  });

  it('ends, with its checkpoint, when another model is wanted', async () => {
    let configured: Promise<unknown> | undefined;
    const outcome = await train({ steps: 1000 }, NEVER, ({ steps }) => {
      if (steps >= 1) configured ??= client.configure({ ...CPU, threads, contextLength: 512 });
    });
    await configured;
    assert.ok(outcome.kind === 'cancelled' && outcome.checkpoint !== null);
    completed(await client.complete(request('let total = |'), NEVER));
  });

  it('puts new prompt tokens to use, and the text stays the same', async () => {
    const report = reportOf(await train({ out: null }));
    assert.equal(report.path, at(`models/${MODEL}.prompt-tokens.gguf`));
    const text = 'export function last(list) {\n  |\n}\n';
    const inMode = async (mode: 'plain' | 'ppd-static') =>
      completed(await client.complete(request(text, { mode }), NEVER));
    const [plain, guessed] = [await inMode('plain'), await inMode('ppd-static')];
    assert.equal(guessed.mode, 'ppd-static');
    assert.equal(guessed.text, plain.text);
  });

  it('learns from text that the model makes up where there is none', async () => {
    const report = reportOf(await train({ paths: [], steps: 1, out: at('own.gguf') }));
    assert.ok(report.positions > 200);
  });
});
