import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineConfiguration, EngineErrorCode } from '../../engine/protocol.ts';
import { completed, CPU, damaged, temporaryFolder, TestEngine } from './support.ts';

const folder = temporaryFolder();

describe('engine: bad configuration', () => {
  const engine = new TestEngine();
  let model = '';
  before(async () => {
    model = (await engine.ready()).model.path;
  });
  after(() => engine.client.dispose());

  const at = (name: string) => path.join(folder, name);
  const cases: readonly [
    name: string,
    configuration: () => Partial<EngineConfiguration>,
    code: EngineErrorCode,
    message: RegExp,
  ][] = [
    ['a missing file', () => ({ model: at('none.gguf') }), 'model-missing', /No model at/],
    ['an unknown name', () => ({ model: 'gpt-9' }), 'model-missing', /foretoken-code/],
    [
      'a folder',
      () => {
        mkdirSync(at('folder.gguf'), { recursive: true });
        return { model: at('folder.gguf') };
      },
      'model-unreadable',
      /not a file/,
    ],
    [
      'an empty file',
      () => ({ model: damaged(model, at('empty.gguf'), () => Buffer.alloc(0)) }),
      'model-unreadable',
      /GGUF/,
    ],
    [
      'a text file',
      () => {
        writeFileSync(at('text.gguf'), 'Hello, I am no model.\n'.repeat(100));
        return { model: at('text.gguf') };
      },
      'model-unreadable',
      /GGUF/,
    ],
    [
      'a truncated file',
      () => ({ model: damaged(model, at('cut.gguf'), (bytes) => bytes.subarray(0, 1_000_000)) }),
      'model-unreadable',
      /cut short|truncated|incomplete|damaged/i,
    ],
    [
      'a file cut in the header',
      () => ({ model: damaged(model, at('head.gguf'), (bytes) => bytes.subarray(0, 100)) }),
      'model-unreadable',
      /GGUF|damaged|cut short|incomplete/i,
    ],
    [
      'an unsupported architecture',
      () => ({
        model: damaged(model, at('arch.gguf'), (bytes) => {
          // The name is written once as the value of general.architecture.
          const key = bytes.indexOf('general.architecture') + 'general.architecture'.length;
          bytes.write('zzama', bytes.indexOf('llama', key));
          return bytes;
        }),
      }),
      'model-unsupported',
      /zzama|architecture/,
    ],
    ['a context of no tokens', () => ({ contextLength: 0 }), 'invalid-request', /contextLength/],
    ['a fraction of a thread', () => ({ threads: 0.5 }), 'invalid-request', /threads/],
    ['a million threads', () => ({ threads: 1e6 }), 'invalid-request', /1 to 512/],
  ];

  for (const [name, configuration, code, message] of cases) {
    it(`${name}: one clear message, and the engine lives on`, async () => {
      const { pid } = engine.client;
      const state = await engine.client.configure({ ...CPU, ...configuration() });
      assert.ok(state.kind === 'failed', JSON.stringify(state));
      assert.equal(state.error.code, code);
      assert.match(state.error.message, message);
      assert.ok(!state.error.message.includes('\n'));
      const outcome = await engine.complete('const a = |');
      assert.deepEqual(outcome, state);
      assert.equal(engine.client.pid, pid, 'the process was replaced');
    });
  }

  it('recovers with the right model', async () => {
    await engine.ready();
    assert.equal((await engine.complete('const a = |')).kind, 'completed');
  });

  it('falls back to the CPU with a word about it where the GPU asked for is not there', async () => {
    const state = await engine.client.configure({ ...CPU, gpu: 'cuda' });
    assert.ok(state.kind === 'ready');
    if (state.device.backend === 'cpu') assert.match(state.warnings.join(' '), /cuda/);
    await engine.ready();
  });

  it('takes settings that arrive while a model loads: the last one counts', async () => {
    const states = await Promise.all([
      engine.client.configure({ ...CPU, model: at('none.gguf') }),
      engine.client.configure({ ...CPU, contextLength: 512 }),
      engine.client.configure({ ...CPU, contextLength: 1024 }),
    ]);
    const last = states[2];
    assert.ok(last.kind === 'ready');
    assert.equal(last.model.contextLength, 1024);
    assert.equal(engine.client.state.kind, 'ready');
  });
});

describe('engine: odd text', () => {
  const engine = new TestEngine();
  before(() => engine.ready());
  after(() => engine.client.dispose());

  const fine: readonly [name: string, text: string][] = [
    ['the start of a document', '|const a = 1;\n'],
    ['the end of a document', 'const a = 1;\n|'],
    ['lone surrogates', 'const s = "\uD83D";\nconst t = "\uDE00|'],
    ['right-to-left text', 'const שלום = "עולם";\nconst x = |'],
    ['emoji', '// 👩‍👩‍👧‍👦 family\nconst x = |'],
    ['spelt control tokens', 'const s = "<|fim_middle|><|endoftext|>";\nconst t = |'],
    ['a line of 100,000 characters', `const s = "${'x'.repeat(100_000)}|`],
    ['a megabyte above and below', `${'let a = 1;\n'.repeat(1e5)}|${'let b = 2;\n'.repeat(1e5)}`],
    ['control characters', 'a\u0001\u0002\u001b[31m|'],
    ['byte order mark', '\uFEFFconst a = |'],
  ];
  for (const [name, text] of fine) {
    it(`${name} is completed`, async () => {
      const { timing } = completed(await engine.complete(text, { maxTokens: 8 }));
      assert.ok(timing.promptTokens <= 2048);
    });
  }

  it('an empty document is skipped', async () => {
    assert.deepEqual(await engine.complete(' \n|\n'), { kind: 'skipped', reason: 'empty-prompt' });
  });

  it('binary text is skipped', async () => {
    const outcome = await engine.complete('\u0000\u0001ELF|\u0000');
    assert.deepEqual(outcome, { kind: 'skipped', reason: 'binary-text' });
  });

  it('more tokens than the context holds are refused with the settings to change', async () => {
    const outcome = await engine.complete('const a = |', { maxTokens: 100_000 });
    assert.ok(outcome.kind === 'failed');
    assert.match(outcome.error.message, /maxTokens.*contextLength/);
  });
});
