import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Engine } from '../../engine/engine.ts';
import { DEFAULT_CONFIGURATION, type DecodingMode } from '../../engine/protocol.ts';
import {
  loadModel,
  openAddon,
  root,
  scratchDirectory,
  trainedModelPath,
} from './support/native.ts';
import { BATCH_SHAPE_TOLERANCE } from './support/trees.ts';
import { installUntrainedPromptTokens } from '../support/untrained-prompt-tokens.ts';

const TOKENS = 48;
const NEVER = new AbortController().signal;

/** The engine itself, in this process, on the embedded model. */
describe('decoding modes on the embedded model', function () {
  this.timeout(240_000);
  let engine: Engine;

  before(async () => {
    const model = await loadModel(trainedModelPath());
    const modelsFolder = join(scratchDirectory(), 'modes');
    mkdirSync(modelsFolder, { recursive: true });
    const file = await installUntrainedPromptTokens(
      await openAddon(),
      model,
      trainedModelPath(),
      modelsFolder,
    );
    assert.match(basename(file), /prompt-tokens/);
    await model.dispose();
    engine = new Engine(
      { root, version: '0.0.0', modelsFolder },
      { onState: () => undefined, onLog: () => undefined },
    );
    const state = await engine.configure({ ...DEFAULT_CONFIGURATION, gpu: 'cpu', threads: 1 });
    assert.equal(state.kind, 'ready', JSON.stringify(state));
  });
  after(() => engine.unload());

  const prompts = [
    'def get_total(self):\n    return self.total\n\ndef set_total(self, ',
    "const users = new Map();\nusers.set('a', 1);\nusers.set('b', 2);\nusers.",
    'for (let i = 0; i < 10; i++) {\n  console.log(i);\n}\nfor (let j = 0; ',
    '[\n  {"id": 1, "name": "index"},\n  {"id": 2, "name": "index"},\n  {"id": 3, ',
    'class Point:\n    def __init__(self, x, y):\n        self.x = x\n        ',
    'import path\n\nprint(path.read(1))\nprint(path.read(2))\nprint(',
  ];

  const continued = async (mode: DecodingMode | 'auto' | 'manual', prefix: string) => {
    const decoding = { mode, languageId: 'python' };
    const run = await engine.session!.continueText({ prefix, suffix: '' }, decoding, TOKENS, NEVER);
    return run!;
  };

  const modes = [
    'ngram',
    'ppd-paper',
    'ppd-static',
    'ppd-adaptive',
    'ppd-ngram',
    'auto',
    'manual',
  ] as const;
  for (const mode of modes) {
    it(`${mode}: the text of plain decoding, near ties excepted`, async () => {
      let ties = 0;
      for (const prefix of prompts) {
        const plain = await continued('plain', prefix);
        const other = await continued(mode, prefix);
        const parting = plain.tokens.findIndex((token, index) => token !== other.tokens[index]);
        if (parting < 0) continue;
        ties += 1;
        assert.ok(plain.margins[parting]! <= BATCH_SHAPE_TOLERANCE, `${prefix} at ${parting}`);
      }
      assert.ok(ties <= prompts.length / 2, `${ties} ties`);
    });
  }

  it('auto says what it used, and why', async () => {
    const document = { path: 'a.py', languageId: 'python', prefix: prompts[0]!, suffix: '' };
    const outcome = await engine.session!.complete(
      { document, mode: 'auto', maxTokens: 32, deadlineMs: null, multiline: true, streamId: null },
      NEVER,
    );
    assert.ok(outcome.kind === 'completed');
    assert.match(
      outcome.modeReason ?? '',
      /^auto uses [a-z-]+: (plain decoding takes \d|nothing else is expected)/,
    );
  });
});
