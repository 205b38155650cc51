import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createEngineClient } from '../../engine/client/create-engine-client.ts';
import type { LoadedModel, TuneProgress, TuningResult } from '../../engine/protocol.ts';
import { CLI, completed, CPU, ENGINE, NEVER, request, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
// Measurements are kept there, so these tests leave no trace in the user's own.
const modelsFolder = path.join(folder, 'models');
const tuningFolder = path.join(modelsFolder, '.tuning');

function tune(...args: readonly string[]) {
  return spawnSync(process.execPath, [CLI, 'tune', ...args], {
    encoding: 'utf8',
    env: { ...process.env, FORETOKEN_MODELS: modelsFolder },
  });
}

describe('engine: tuning', function () {
  this.timeout(300_000);
  const client = createEngineClient({ entry: ENGINE, modelsFolder });
  const configure = (contextLength: number) =>
    client.configure({ ...CPU, threads: 1, contextLength });
  after(() => client.dispose());

  it('gives way to completions, and ends when it is cancelled', async () => {
    await configure(512);
    const abort = new AbortController();
    const seen: TuneProgress[] = [];
    let completion: Promise<void> | undefined;
    const outcome = await client.tune(abort.signal, (progress) => {
      seen.push(progress);
      completion ??= client.complete(request('let total = |'), NEVER).then((answer) => {
        completed(answer);
        abort.abort();
      });
    });
    await completion;
    assert.deepEqual(outcome, { kind: 'cancelled' });
    assert.ok(seen.every(({ done, total }) => done >= 0 && done < total));
    assert.ok(!existsSync(tuningFolder));
    completed(await client.complete(request('let index = |'), NEVER));
  });

  it('is over at once where it was cancelled before', async () => {
    assert.deepEqual(await client.tune(AbortSignal.abort()), { kind: 'cancelled' });
  });

  it('ends when another model is wanted, and then says what is wrong with that', async () => {
    await configure(512);
    let configured: Promise<unknown> | undefined;
    const outcome = await client.tune(NEVER, () => {
      configured ??= client.configure({ ...CPU, model: path.join(folder, 'none.gguf') });
    });
    await configured;
    assert.deepEqual(outcome, { kind: 'cancelled' });
    const next = await client.tune(NEVER);
    assert.ok(next.kind === 'failed', JSON.stringify(next));
    assert.match(next.error.message, /No model at/);
    assert.ok(!existsSync(tuningFolder));
  });

  it('says so where the context has no room to measure in', async () => {
    await configure(256);
    const outcome = await client.tune(NEVER);
    assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    assert.match(outcome.error.message, /raise foretoken\.contextLength/);
  });

  it('on the command line, with --json', () => {
    const { status, stdout, stderr } = tune('--json');
    assert.equal(status, 0, stderr);
    const { model, depths, plainMs, table, choice, quiet, file } = JSON.parse(
      stdout,
    ) as TuningResult & { readonly model: LoadedModel };
    assert.ok(model.embedded);
    const [short, long] = depths.map(({ contextTokens }) => contextTokens);
    assert.ok(short === 128 && long !== undefined && long > short && depths.length === 2);
    assert.ok(plainMs > 0);
    assert.deepEqual(
      table.map(({ rows }) => rows),
      depths[0]?.chains.lengths,
    );
    for (const { chainMs, breakEven, treeMs, optimal } of table) {
      assert.ok(chainMs > 0 && Math.abs(breakEven * plainMs - chainMs) < 1e-6);
      assert.equal(treeMs === null, depths[0]?.trees === null);
      assert.equal(optimal === null, treeMs === null);
    }
    assert.ok(choice.tokensPerSecond >= (1000 / plainMs) * (1 - 1e-9) && choice.reason !== '');
    if (depths[0]?.trees === null) assert.deepEqual([choice.mode, choice.rows], ['plain', 1]);
    // A test machine may be busy: then nothing is kept.
    const kept = existsSync(tuningFolder) ? readdirSync(tuningFolder) : [];
    assert.deepEqual(kept, quiet ? [path.basename(file ?? '')] : []);
    assert.equal(file === null, !quiet);
  });

  it('on the command line, with what it does not take', () => {
    const { status, stderr } = tune('everything');
    assert.equal(status, 2);
    assert.equal(stderr, 'tune does not take "everything".\n');
  });
});
