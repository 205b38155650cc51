import assert from 'node:assert/strict';
import { parseSettings } from '../../../extension/parse-settings.ts';
import { Bench, completed, snapshotOf, told } from './support.ts';

describe('completion flow', () => {
  it('asks the engine, and shows its answer', async () => {
    const bench = new Bench('items.length;');
    assert.equal(told(await bench.outcome('return |\n')), 'engine: "items.length;"');
    assert.equal(bench.engine.requests.length, 1);
    assert.deepEqual(bench.engine.requests[0]?.document, {
      path: 'a.ts',
      languageId: 'typescript',
      prefix: 'return ',
      suffix: '\n',
    });
  });

  it('sends the settings of the tree in mode manual alone', async () => {
    const ask = async (values: Record<string, unknown>) => {
      const bench = new Bench('items.length;');
      await bench.outcome('return |\n', {
        settings: parseSettings((name) => values[name]).settings,
      });
      const { mode, tree } = bench.engine.requests[0]!;
      return { mode, nodeBudget: tree?.nodeBudget };
    };
    const budget = { 'tree.nodeBudget': 5 };
    assert.deepEqual(await ask({ mode: 'manual', ...budget }), { mode: 'manual', nodeBudget: 5 });
    assert.deepEqual(await ask(budget), { mode: 'auto', nodeBudget: undefined });
  });

  it('reports the mode, and why it is this one, of the text that it shows', async () => {
    const bench = new Bench('');
    const answer = completed('items.length;', 'auto begins with plain decoding');
    bench.engine.answer = () => Promise.resolve(answer);
    const reported = async (text: string) => {
      const outcome = await bench.outcome(text);
      const report = outcome.kind === 'shown' ? outcome.report : null;
      return [report?.mode, report?.modeReason];
    };
    const expected = ['plain', 'auto begins with plain decoding'];
    assert.deepEqual(await reported('return |\n'), expected);
    assert.deepEqual(await reported('return it|\n'), expected);
  });

  it('does not ask again while the answer is typed, and after backspaces within it', async () => {
    const bench = new Bench('items.length;');
    await bench.outcome('return |\n');
    assert.equal(told(await bench.outcome('return it|\n')), 'typed-through: "ems.length;"');
    assert.equal(told(await bench.outcome('return i|\n')), 'typed-through: "tems.length;"');
    assert.equal(bench.engine.requests.length, 1);
  });

  it('asks again where something else is typed, and remembers the first answer', async () => {
    const bench = new Bench('items.length;');
    await bench.outcome('return |\n');
    bench.engine.answer = () => Promise.resolve(completed('this.all;'));
    assert.equal(told(await bench.outcome('return x = |\n')), 'engine: "this.all;"');
    assert.equal(told(await bench.outcome('return |\n')), 'cache: "items.length;"');
    assert.equal(bench.engine.requests.length, 2);
  });

  it('forgets when told to: the model may be another', async () => {
    const bench = new Bench('items.length;');
    await bench.outcome('return |\n');
    bench.flow.forget();
    assert.equal(told(await bench.outcome('return |\n')), 'engine: "items.length;"');
  });

  it('does not ask where a gate is closed', async () => {
    const bench = new Bench('x');
    assert.equal(told(await bench.outcome('ret|urn\n')), 'skipped: inside-word');
    const two = await bench.outcome('return |\n', { selectionCount: 2 });
    assert.equal(told(two), 'skipped: multiple-cursors');
    assert.equal(bench.engine.requests.length, 0);
  });

  it('keeps still after an acceptance, however it hears of it', async () => {
    const byCommand = new Bench('items');
    await byCommand.outcome('return |\n');
    byCommand.flow.accepted('items');
    assert.equal(told(await byCommand.outcome('return items|\n')), 'skipped: just-accepted');

    const byChange = new Bench('items');
    await byChange.outcome('return |\n');
    byChange.rhythm.record({ uri: 'file:///a.ts', version: 2, text: 'items' }, 0);
    const outcome = await byChange.outcome('return items|\n', { version: 2 });
    assert.equal(told(outcome), 'skipped: just-accepted');
  });

  it('keeps still after an acceptance only until the cursor moves', async () => {
    const bench = new Bench('items');
    await bench.outcome('return |\n');
    bench.flow.accepted('items');
    await bench.outcome('return items|\n');
    await bench.outcome('|return items\n');
    assert.equal(told(await bench.outcome('return items|\n')), 'engine: "items"');
  });

  it('goes on after all of the completion was typed by hand', async () => {
    const bench = new Bench('items');
    await bench.outcome('return |\n');
    bench.rhythm.record({ uri: 'file:///a.ts', version: 2, text: 's' }, 0);
    bench.engine.answer = () => Promise.resolve(completed('.length'));
    const outcome = await bench.outcome('return items|\n', { version: 2 });
    assert.equal(told(outcome), 'engine: ".length"');
  });

  it('extends the item selected in the suggest widget', async () => {
    const bench = new Bench('(items);');
    const selected = { text: 'console.log', replacesBefore: 2, replacesAfter: 0 };
    assert.equal(told(await bench.outcome('co|\n', { selected })), 'engine: "(items);"');
    assert.equal(bench.engine.requests[0]?.document.prefix, 'console.log');
  });

  it('post-processes against the document as it is when the answer comes', async () => {
    const bench = new Bench('foo);');
    const texts = ['call(|\n', 'call(|)\n'];
    const outcome = await bench.outcome('', { snapshot: () => snapshotOf(texts.shift() ?? '') });
    assert.equal(outcome.kind === 'shown' && outcome.replaceLength, 1);
  });
});

describe('completion flow, waiting', () => {
  it('waits before it asks, but not when asked to complete', async () => {
    const bench = new Bench('items');
    const automatic = await bench.decide('return |\n');
    assert.ok(automatic.debounceMs > 0);
    assert.deepEqual(bench.waits, [automatic.debounceMs]);
    const manual = await bench.decide('return 2 * |\n', { trigger: 'manual' });
    assert.equal(manual.debounceMs, 0);
  });

  it('is cancelled by the next keystroke before the engine is asked', async () => {
    const bench = new Bench('items');
    const abort = new AbortController();
    const outcome = bench.outcome('return |\n', { signal: abort.signal });
    abort.abort();
    assert.equal(told(await outcome), 'cancelled');
    assert.equal(bench.engine.requests.length, 0);
  });

  it('keeps an answer that comes too late for the next time', async () => {
    const bench = new Bench('items');
    const abort = new AbortController();
    bench.engine.answer = () => {
      abort.abort();
      return Promise.resolve(completed('items'));
    };
    assert.equal(told(await bench.outcome('return |\n', { signal: abort.signal })), 'cancelled');
    assert.equal(told(await bench.outcome('return |\n')), 'cache: "items"');
  });

  it('tells what the engine cannot do', async () => {
    const bench = new Bench('items');
    const error = { code: 'decode-failed', message: 'No.' } as const;
    bench.engine.answer = () => Promise.resolve({ kind: 'failed', error });
    assert.equal(told(await bench.outcome('return |\n')), 'failed: decode-failed');
    bench.engine.state = { kind: 'failed', error: { code: 'model-missing', message: 'None.' } };
    assert.equal(told(await bench.outcome('return |\n')), 'failed: model-missing');
    bench.engine.state = { kind: 'restarting', attempt: 1, delayMs: 1, reason: '' };
    assert.equal(told(await bench.outcome('return |\n')), 'skipped: engine-restarting');
  });
});
