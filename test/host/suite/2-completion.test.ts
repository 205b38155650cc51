import assert from 'node:assert/strict';
import {
  closeAll,
  complete,
  decisionAfter,
  engineReady,
  loop,
  open,
  placeCursor,
  shown,
  type,
  until,
} from './support.ts';

describe('completion', () => {
  before(engineReady);
  afterEach(closeAll);

  it('is given at the cursor of a TypeScript document, with its figures', async () => {
    const api = await engineReady();
    const decision = await complete(await open(loop()));
    const { source, text, report } = shown(decision);
    assert.equal(source, 'engine');
    assert.ok(text.length > 0);
    assert.ok(report && report.timing.tokens > 0);
    assert.ok(report.engineMs <= decision.totalMs);
    assert.match(api.statusBarText, /^Foretoken \d/);
    assert.match(api.inlineLatency ?? '', /^[\d.]+ m?s/);
  });

  it('comes by itself while typing', async () => {
    const editor = await open(loop().replace('; |', ';|'));
    const decision = await decisionAfter(editor, () => type(' '));
    assert.equal(decision.trigger, 'automatic');
    shown(decision);
  });

  it('is not computed again while what it says is typed', async () => {
    const api = await engineReady();
    const editor = await open(loop());
    const { text } = shown(await complete(editor));
    const requests = api.engineRequests;
    const first = await decisionAfter(editor, () => type(text.charAt(0)));
    assert.equal(shown(first).source, 'typed-through');
    assert.equal(shown(first).text, text.slice(1));
    assert.equal(api.engineRequests, requests);
  });

  it('is remembered: the same place is not computed twice', async () => {
    const api = await engineReady();
    const editor = await open(loop());
    const place = editor.document.offsetAt(editor.selection.active);
    const { text } = shown(await complete(editor));
    placeCursor(editor, editor.document.getText().indexOf('(j)'));
    await complete(editor);
    const requests = api.engineRequests;
    placeCursor(editor, place);
    const again = shown(await complete(editor));
    assert.equal(again.text, text);
    assert.equal(again.source, 'cache');
    assert.equal(api.engineRequests, requests);
  });

  it('takes its figures away when the cursor moves', async () => {
    const api = await engineReady();
    const editor = await open(loop());
    shown(await complete(editor));
    assert.ok(api.inlineLatency);
    placeCursor(editor, 0);
    await until('no figures', () => api.inlineLatency === undefined || undefined);
  });
});
