import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DeviceMeasurement } from '../../../engine/core/tuning/device-measurement.ts';
import {
  readTuning,
  tuningFolder,
  tuningPath,
  writeTuning,
  type TuningKey,
} from '../../../engine/tuning/tuning-file.ts';

const KEY: TuningKey = {
  device: 'a processor',
  backend: 'cpu',
  threads: 1,
  weights: 'w',
  contextLength: 4096,
  depths: [128],
  mostRows: 64,
  promptTokens: { count: 3, ensemble: 1 },
  llamaCpp: 'v0.4.0',
  version: '0.1.0',
};

const PASSES = { lengths: [1, 2], steadyMs: [1, 1.5], mixedMs: [1.25, 2] };
const MEASUREMENT: DeviceMeasurement = [
  { contextTokens: 128, plainMs: 1, chains: PASSES, trees: null },
];

describe('tuning files', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'foretoken-tuning-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('come back as they were written, and leave nothing else behind', async () => {
    const file = await writeTuning(folder, KEY, MEASUREMENT);
    assert.deepEqual(await readTuning(folder, KEY), MEASUREMENT);
    assert.deepEqual(readdirSync(tuningFolder(folder)), [path.basename(file)]);
  });

  const others: Partial<TuningKey>[] = [
    { device: 'another' },
    { backend: 'cuda' },
    { threads: 2 },
    { weights: 'v' },
    { contextLength: 2048 },
    { depths: [128, 512] },
    { mostRows: 128 },
    { promptTokens: null },
    { llamaCpp: 'v0.5.0' },
    { version: '0.2.0' },
  ];
  for (const other of others) {
    it(`are not those of another ${Object.keys(other).join()}`, async () => {
      await writeTuning(folder, KEY, MEASUREMENT);
      const key = { ...KEY, ...other };
      assert.notEqual(tuningPath(folder, key), tuningPath(folder, KEY));
      assert.equal(await readTuning(folder, key), null);
    });
  }

  const good = { format: 2, key: KEY, measurement: MEASUREMENT };
  const [depth] = MEASUREMENT;
  const damaged: Record<string, unknown> = {
    'an older format': { ...good, format: 0 },
    'the key of another device': { ...good, key: { ...KEY, device: 'another' } },
    'no measurement': { format: 2, key: KEY },
    'an empty measurement': { ...good, measurement: [] },
    'a negative time': { ...good, measurement: [{ ...depth, plainMs: -1 }] },
    'lengths that fall': {
      ...good,
      measurement: [{ ...depth, chains: { ...PASSES, lengths: [2, 1] } }],
    },
    'times that are missing': {
      ...good,
      measurement: [{ ...depth, chains: { ...PASSES, steadyMs: [1] } }],
    },
    'text for a time': {
      ...good,
      measurement: [{ ...depth, chains: { ...PASSES, steadyMs: ['1', 2] } }],
    },
    'something else': [1, 2],
  };
  const texts: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(damaged).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    'half a file': JSON.stringify(good).slice(0, 80),
    nothing: '',
  };
  for (const [name, text] of Object.entries(texts)) {
    it(`are not trusted with ${name}`, async () => {
      mkdirSync(tuningFolder(folder), { recursive: true });
      writeFileSync(tuningPath(folder, KEY), text);
      assert.equal(await readTuning(folder, KEY), null);
    });
  }
});
