import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BenchReport, EngineInfo } from '../../engine/protocol.ts';
import { CLI, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder, name);

const NUMBERS = Array.from(
  { length: 8 },
  (_, n) =>
    `export function secondNumber${n}(first: number): number {\n  return first + ${n};\n}\n`,
).join('');

function foretoken(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** Standard output of a call that must succeed. */
function output(...args: readonly string[]): string {
  const { status, stdout, stderr } = foretoken(...args);
  assert.equal(status, 0, stderr);
  return stdout;
}

describe('command line', function () {
  this.timeout(90_000);

  before(() => {
    writeFileSync(at('sample.ts'), 'export function add(a: number, b: number) {\n  return a\n}\n');
    writeFileSync(at('numbers.ts'), NUMBERS);
    mkdirSync(at('empty'));
    const rows = [{ prompt: 'def add(a, b):\n' }, { prompt: 'const a = ', suffix: ';\n' }];
    const text = rows.map((each) => JSON.stringify(each)).join('\n');
    writeFileSync(at('prompts.jsonl'), text);
    writeFileSync(at('prompts.jsonl.gz'), gzipSync(text));
    writeFileSync(at('broken.jsonl'), '{"prompt": "a"}\n{"prompt": \n');
    writeFileSync(at('no-prompt.jsonl'), '{"text": "a"}\n');
    writeFileSync(at('broken.gz'), gzipSync(text).subarray(0, 20));
    writeFileSync(at('broken.gguf'), 'GGUF, or so it says');
  });

  it('info --json', () => {
    const info = JSON.parse(output('info', '--json')) as EngineInfo;
    assert.match(info.version, /^\d+\.\d+\.\d+/);
    assert.match(info.llamaCpp, /^[bv]\d/);
    assert.ok(['cpu', 'cuda', 'vulkan', 'metal'].includes(info.device.backend));
    assert.ok(info.device.name !== '' && info.device.memoryBytes > 0 && info.device.threads > 0);
    assert.ok(info.models.some((each) => each.embedded && each.sizeBytes > 0));
  });

  it('complete --json', () => {
    const place = `${at('sample.ts')}:2:11`;
    const result = JSON.parse(
      output('complete', place, '--json', '--max-tokens', '8', '--mode', 'plain'),
    ) as Record<string, unknown> & { timing: Record<string, number> };
    assert.deepEqual(Object.keys(result), ['text', 'finishReason', 'mode', 'model', 'timing']);
    assert.equal(result['mode'], 'plain');
    assert.deepEqual(Object.keys(result.timing), [
      'promptTokens',
      'reusedTokens',
      'prefillMs',
      'decodeMs',
      'decodedTokens',
      'tokens',
      'steps',
      'tokensPerStep',
      'tokensPerSecond',
    ]);
    assert.equal(typeof result['text'], 'string');
  });

  it('complete for people', () => {
    assert.match(output('complete', `${at('sample.ts')}:2:11`), /\d+ tokens in \d+ ms/);
  });

  for (const prompts of ['prompts.jsonl', 'prompts.jsonl.gz']) {
    it(`bench with ${prompts}`, () => {
      const out = at(`${prompts}.report.json`);
      output('bench', '--prompts', at(prompts), '--modes', 'plain,auto', '--json', out, '--runs=2');
      const report = JSON.parse(readFileSync(out, 'utf8')) as BenchReport;
      assert.deepEqual(Object.keys(report), [
        'device',
        'model',
        'settings',
        'modes',
        'passLatency',
        'peakMemoryBytes',
      ]);
      assert.ok(report.peakMemoryBytes > 1e6);
      assert.equal(new Set(Object.values(report.modes).map((m) => m.tokenStreamSha256)).size, 1);
      assert.deepEqual(Object.keys(report.modes), ['plain', 'auto']);
      for (const mode of Object.values(report.modes)) {
        assert.equal(mode.identicalToPlain, true);
        assert.deepEqual(mode.divergences, []);
        assert.equal(mode.prompts, 2);
        assert.ok(mode.tokens > 0 && mode.tokensPerSecond.median > 0);
        assert.ok(mode.speedupOverPlain.low <= mode.speedupOverPlain.high);
        assert.ok(mode.totalSpeedup!.low <= mode.totalSpeedup!.high);
      }
    });
  }

  it('bench of n-grams: the text of plain decoding, near ties excepted', () => {
    const out = at('ngram.report.json');
    const file = at('repetitive.jsonl');
    const list = (name: string) =>
      Array.from({ length: 6 }, (_, id) => `  {"id": ${id}, "name": "${name}", "on": true},\n`);
    const text = ['total', 'index', 'user', 'path'].map((name) =>
      JSON.stringify({ prompt: `[\n${list(name).join('')}` }),
    );
    writeFileSync(file, text.join('\n'));
    output('bench', '--prompts', file, '--modes', 'plain,ngram', '--json', out, '--runs=1');
    const { modes } = JSON.parse(readFileSync(out, 'utf8')) as BenchReport;
    assert.deepEqual(Object.keys(modes), ['plain', 'ngram']);
    const { divergences, tokensPerStep, acceptanceByDistance, latencyMs } = modes['ngram']!;
    // Q8_0 kernels for one row and for several differ by up to 0.15: see test/native.
    for (const { marginOfPlain } of divergences) assert.ok(marginOfPlain < 0.15);
    assert.ok(tokensPerStep > 1);
    const [nearest] = acceptanceByDistance;
    assert.ok(nearest !== undefined && nearest.accepted > 0);
    assert.ok(nearest.accepted <= nearest.guessed);
    assert.ok(latencyMs.firstLine.p50 > 0 && latencyMs.perToken.p50 > 0);
    assert.deepEqual(modes['plain']!.acceptanceByDistance, []);
  });

  const sources: readonly [name: string, args: () => readonly string[], languages: string[]][] = [
    ['built-in prompts', () => [], ['javascript', 'python', 'typescript']],
    ['prompts cut from a folder', () => ['--workspace', folder], ['typescript']],
  ];
  for (const [name, args, languages] of sources) {
    it(`bench with ${name}`, () => {
      const out = at('chosen.report.json');
      output('bench', ...args(), '--limit=4', '--runs=1', '--max-tokens=8', '--json', out);
      const text = readFileSync(out, 'utf8');
      const { plain } = (JSON.parse(text) as BenchReport).modes;
      assert.equal(plain!.prompts, 4);
      assert.deepEqual(Object.keys(plain!.byLanguage), languages);
      assert.equal(plain!.byKind['fill-in-middle']!.prompts + plain!.byKind.prefix!.prompts, 4);
      assert.ok(!text.includes('secondNumber'), 'source text in the report');
    });
  }

  it('complete in mode ngram', () => {
    const place = `${at('sample.ts')}:2:11`;
    const inMode = (mode: string) =>
      JSON.parse(output('complete', place, '--json', '--mode', mode)) as Record<string, unknown>;
    const [ngram, plain] = [inMode('ngram'), inMode('plain')];
    assert.deepEqual([ngram['mode'], plain['mode']], ['ngram', 'plain']);
    assert.equal(ngram['text'], plain['text']);
  });

  it('bad input: a mode that the model does not have', () => {
    const place = at('sample.ts:1:1');
    const { status, stderr } = foretoken('complete', place, '--draft', 'none', '--mode', 'draft');
    assert.match(stderr, /^Mode draft is not available\. .*no draft model.*$/m);
    assert.equal(status, 2);
  });

  const refused: readonly [args: () => readonly string[], message: RegExp][] = [
    [() => ['dance'], /Unknown command "dance".*complete/],
    [() => ['complete'], /FILE:LINE:COL/],
    [() => ['complete', at('none.ts:1:1')], /no file/],
    [() => ['complete', `${folder}:1:1`], /not a file/],
    [() => ['complete', at('sample.ts:99:1')], /ends at line 4/],
    [() => ['complete', at('sample.ts:3:99')], /ends at column 2/],
    [() => ['complete', at('sample.ts:0:1')], /count from 1/],
    [() => ['complete', at('sample.ts:1:1'), '--mode', 'warp'], /known modes are plain/],
    [() => ['complete', at('sample.ts:1:1'), '--max-tokens', '0'], /from 1 to 4096/],
    [() => ['complete', at('sample.ts:1:1'), '--nope'], /Unknown option/],
    [() => ['complete', at('sample.ts:1:1'), '--model', at('none.gguf')], /No model at/],
    [() => ['complete', at('sample.ts:1:1'), '--model', at('broken.gguf')], /GGUF/],
    [() => ['bench', '--workspace', at('none')], /no folder/],
    [() => ['bench', '--workspace', at('empty')], /no source code/],
    [() => ['bench', '--workspace', folder, '--prompts', at('prompts.jsonl')], /not both/],
    [() => ['bench', '--limit', '0'], /--limit wants a whole number/],
    [() => ['train', '--steps', '0'], /--steps wants a whole number from 1/],
    [() => ['train', '--minutes', 'soon'], /--minutes wants a number/],
    [() => ['train', '--prompt-tokens', '17'], /from 1 to 16/],
    [() => ['train', at('none'), '--out', at('out.gguf')], /no file or folder/],
    [() => ['bench', '--prompts', at('none.jsonl')], /no readable file/],
    [() => ['bench', '--prompts', at('broken.jsonl')], /broken\.jsonl:2 is no JSON/],
    [() => ['bench', '--prompts', at('no-prompt.jsonl')], /has no "prompt"/],
    [() => ['bench', '--prompts', at('broken.gz')], /gzip/],
    [() => ['bench', '--prompts', at('prompts.jsonl'), '--modes', 'plain,warp'], /known modes/],
    [
      () => ['bench', '--prompts', at('prompts.jsonl'), '--runs=1', '--json', at('no/out.json')],
      /cannot be written/,
    ],
  ];
  for (const [args, message] of refused) {
    it(`bad input: ${args().slice(0, 1).join('')} ${message.source}`, () => {
      const { status, stderr } = foretoken(...args());
      assert.match(stderr, message);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.equal(status, 2);
    });
  }
});
