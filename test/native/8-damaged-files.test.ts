/**
 * Damaged and hostile files, each in a child process: a file must be refused (or, where the damage
 * does not matter, run) and never end the process.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, scratchFile } from './support/native.ts';
import type { MetadataValue } from './support/gguf-writer.ts';
import { seededRandom } from './support/random.ts';
import { tinyLlama, toGguf, withMetadata } from './support/tiny-models.ts';

type Outcomes = ReadonlyMap<string, number>;

function outcomes(files: readonly string[]): Outcomes {
  const child = join(root, 'test', 'native', 'support', 'load-files-child.ts');
  const result = spawnSync(process.execPath, ['--import', 'tsx', child, ...files], {
    cwd: root,
    encoding: 'utf8',
    timeout: 100_000,
  });
  const counts = new Map<string, number>();
  for (const line of result.stdout.trim().split('\n')) {
    const [file, outcome] = line.split('\t');
    assert.ok(outcome, `${file ?? ''} ended the process: ${result.stderr.slice(-2000)}`);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  const allowed = ['none', 'model-unreadable', 'model-unsupported', 'out-of-memory'];
  assert.deepEqual(
    [...counts.keys()].filter((outcome) => !allowed.includes(outcome)),
    [],
  );
  assert.equal(
    [...counts.values()].reduce((sum, count) => sum + count, 0),
    files.length,
  );
  return counts;
}

describe('damaged files', function () {
  this.timeout(120_000);
  const whole = toGguf(tinyLlama());
  const tensors = whole.indexOf('token_embd.weight');

  it('cut short anywhere are unreadable', () => {
    const lengths = [0, 1, 3, 4, 7, 8, 15, 16, 23, 24, 25, whole.length - 1];
    for (let length = 32; length < whole.length; length += 997) lengths.push(length);
    const files = lengths.map((length) =>
      scratchFile(`cut-${length}.gguf`, whole.subarray(0, length)),
    );
    assert.deepEqual([...outcomes(files)], [['model-unreadable', files.length]]);
  });

  it('with flipped bits in the header never end the process', () => {
    const random = seededRandom(2026);
    const spans = [
      [0, 600],
      [600, tensors],
      [tensors, tensors + 1500],
    ] as const;
    const files = Array.from({ length: 300 }, (_, index) => {
      const bytes = Buffer.from(whole);
      const [from, to] = spans[index % spans.length]!;
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips -= 1) {
        const at = from + Math.floor(random() * (to - from));
        bytes[at]! ^= 1 << Math.floor(random() * 8);
      }
      return scratchFile(`flipped-${index}.gguf`, bytes);
    });
    const counts = outcomes(files);
    assert.ok((counts.get('model-unreadable') ?? 0) > 50);
  });

  it('with impossible numbers never end the process', () => {
    const keys = [
      ...['block_count', 'embedding_length', 'feed_forward_length', 'context_length'],
      ...['attention.head_count', 'attention.head_count_kv', 'rope.dimension_count'],
      ...['expert_count', 'expert_used_count', 'expert_group_count', 'nextn_predict_layers'],
    ].map((key) => `llama.${key}`);
    keys.push('general.alignment', 'tokenizer.ggml.eos_token_id', 'split.count');
    const numbers = [0, 1, 3, 513, 65536, 2 ** 31, 2 ** 32 - 1];
    const values: MetadataValue[] = numbers.map((value) => ({ type: 'u32', value }));
    values.push({ type: 'string', value: 'text' }, { type: 'i32s', value: [1, -1] });
    const special: readonly (readonly [string, MetadataValue])[] = [
      ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: NaN }],
      ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: -1 }],
      ['llama.rope.scaling.type', { type: 'string', value: 'unheard-of' }],
      ['tokenizer.ggml.tokens', { type: 'strings', value: [] }],
      ['tokenizer.ggml.tokens', { type: 'strings', value: ['a', 'a'] }],
      ['tokenizer.ggml.merges', { type: 'strings', value: ['ab', '', ' ', 'a b c'] }],
      ['tokenizer.ggml.token_type', { type: 'i32s', value: [1] }],
    ];
    const changes = [...keys.flatMap((key) => values.map((value) => [key, value] as const))];
    const files = [...changes, ...special].map(([key, value], index) => {
      const changed = toGguf(withMetadata(tinyLlama(), { [key]: value }));
      return scratchFile(`number-${index}.gguf`, changed);
    });
    outcomes(files);
  });
});
