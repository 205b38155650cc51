import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { compatibility, fingerprintModel } from '../../engine/prompt-tokens/fingerprint.ts';
import {
  findPromptTokens,
  promptTokenPaths,
  promptTokenTarget,
} from '../../engine/prompt-tokens/find-prompt-tokens.ts';
import {
  PromptTokenFileError,
  readPromptTokens,
  writePromptTokens,
} from '../../engine/prompt-tokens/prompt-token-file.ts';
import type { ModelFingerprint, PromptTokens } from '../../engine/prompt-tokens/prompt-tokens.ts';
import type { NativeAddon } from '../../engine/native/addon.d.ts';
import { openAddon, scratchDirectory, scratchFile } from './support/native.ts';
import { tinyLlama, tinyMamba, toGguf, withMetadata } from './support/tiny-models.ts';

const WIDTH = 8;

function promptTokens(changes: Partial<PromptTokens> = {}): PromptTokens {
  return {
    count: 2,
    ensemble: 3,
    embeddingLength: WIDTH,
    rows: Float32Array.from({ length: 6 * WIDTH }, (_, index) => Math.sin(index)),
    accuracies: [
      [0.5, 0.25, 0.125],
      [0.25, 0.125, 0],
    ],
    calibration: {
      weights: [
        [0.5, 1, -0.25],
        [-1, 0.75, 0],
      ],
    },
    fingerprint: { model: 'm', weights: 'w' },
    record: {
      modelName: 'tiny',
      quantisation: 'F32',
      steps: 3,
      trainedTokens: 100,
      seconds: 1.5,
      lossByDistance: [2, 3],
      untrained: [
        [0.25, 0, 0],
        [0, 0, 0],
      ],
      device: 'CPU',
      date: '2026-01-01',
    },
    ...changes,
  };
}

describe('prompt-token files', () => {
  let addon: NativeAddon;
  const file = (name: string): string => path.join(scratchDirectory(), name);
  const written = (tokens: PromptTokens, name = 'written.gguf'): string => {
    writePromptTokens(addon, file(name), tokens);
    return file(name);
  };
  const refused = (location: string, message: RegExp): Promise<void> =>
    assert.rejects(readPromptTokens(location), (error) => {
      assert.ok(error instanceof PromptTokenFileError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /run "foretoken train"/);
      return true;
    });

  before(async () => {
    addon = await openAddon();
  });

  it('come back as they were written', async () => {
    assert.deepEqual(await readPromptTokens(written(promptTokens())), promptTokens());
  });

  it('are refused where they hold what cannot be', async () => {
    const rows = Float32Array.from({ length: 6 * WIDTH }, () => NaN);
    await refused(written(promptTokens({ rows })), /not finite/);
    const impossible = [
      [0.9, 0.9, 0],
      [0, 0, 0],
    ];
    await refused(written(promptTokens({ accuracies: impossible })), /impossible accuracies/);
    await refused(written(promptTokens({ count: 3, ensemble: 2 })), /accuracies/);
    await refused(scratchFile('model.gguf', toGguf(tinyLlama())), /holds a model/);
    await refused(scratchFile('text.gguf', 'no GGUF at all'), /no GGUF file/);
    await refused(scratchFile('empty.gguf', ''), /no GGUF file/);
    await refused(scratchFile('huge.gguf', new Uint8Array(17 << 20)), /bytes large/);
  });

  it('are read whole or refused, whatever byte is damaged and wherever they end', async () => {
    const bytes = readFileSync(written(promptTokens()));
    const damages = Array.from(bytes, (_, place) => [
      bytes.subarray(0, place),
      Uint8Array.from(bytes).fill(0, place, place + 1),
      // The high byte of a length or a count makes it impossible.
      Uint8Array.from(bytes).fill(255, place, place + 1),
    ]).flat();
    let refusals = 0;
    for (const damaged of damages) {
      const read = await readPromptTokens(scratchFile('damaged.gguf', damaged)).catch(
        (error: unknown) => {
          assert.ok(error instanceof PromptTokenFileError, String(error));
          return null;
        },
      );
      if (read === null) refusals += 1;
      else assert.equal(read.rows.length, read.count * read.ensemble * read.embeddingLength);
    }
    assert.ok(refusals > bytes.length);
  });

  describe('and their models', () => {
    const model = toGguf(tinyLlama({ seed: 1 }));
    const folder = (): string => path.join(scratchDirectory(), 'models');

    it('know a model, a quantisation of it and another model apart', async () => {
      const [same, finetuned, other] = [
        scratchFile('renamed.gguf', toGguf(withMetadata(tinyLlama({ seed: 1 }), {}))),
        scratchFile('other-weights.gguf', toGguf(tinyLlama({ seed: 2 }))),
        scratchFile('mamba.gguf', toGguf(tinyMamba())),
      ];
      const trained = await fingerprintModel(scratchFile('a.gguf', model));
      const fit = async (location: string) =>
        compatibility(trained, await fingerprintModel(location));
      assert.equal(await fit(same), 'same');
      assert.equal(await fit(finetuned), 'other-model');
      assert.equal(await fit(other), 'other-model');
      assert.equal(compatibility(trained, { ...trained, weights: 'x' }), 'other-quantisation');
    });

    describe('are found', () => {
      const tinyWidth = 32;
      const rows = Float32Array.from({ length: 6 * tinyWidth }, (_, index) => Math.cos(index));
      const fitting = { embeddingLength: tinyWidth, rows };
      let modelPath: string;
      let inFolder: string;
      let beside: string;
      let fingerprint: ModelFingerprint;
      before(async () => {
        modelPath = scratchFile('b.gguf', model);
        [inFolder = '', beside = ''] = promptTokenPaths(modelPath, folder());
        scratchFile('models/other.txt', '');
        fingerprint = await fingerprintModel(modelPath);
      });
      afterEach(() => {
        for (const each of [inFolder, beside]) rmSync(each, { force: true });
      });
      const find = async () => {
        const found = await findPromptTokens(modelPath, folder());
        return [found.promptTokens !== null, found.warning ?? ''] as const;
      };
      const check = async (expected: readonly [boolean, RegExp]) => {
        const [used, warning] = await find();
        assert.equal(used, expected[0]);
        assert.match(warning, expected[1]);
      };
      const write = (file: string, changes: Partial<PromptTokens>) => {
        writePromptTokens(addon, file, promptTokens({ ...fitting, ...changes }));
      };

      it('where there are some, and where there are none', async () => {
        assert.deepEqual(await find(), [false, '']);
        write(beside, { fingerprint });
        assert.deepEqual(await find(), [true, '']);
      });

      it('of another quantisation: used, with a warning', async () => {
        write(beside, { fingerprint: { ...fingerprint, weights: 'other' } });
        await check([true, /another quantisation/]);
      });

      it('of another model: refused, with what to do', async () => {
        write(beside, {});
        await check([false, /another model .* run "foretoken train"/]);
        write(beside, { fingerprint, embeddingLength: 16, rows: rows.subarray(96) });
        await check([false, /another model/]);
      });

      it('damaged: not used', async () => {
        scratchFile('b.prompt-tokens.gguf', 'damaged');
        await check([false, /no GGUF file/]);
      });

      it('the first that was made for the model', async () => {
        write(inFolder, {});
        write(beside, { fingerprint });
        assert.deepEqual(await find(), [true, '']);
        write(inFolder, { fingerprint, rows: rows.map((value) => 2 * value) });
        const { promptTokens: own } = await findPromptTokens(modelPath, folder());
        assert.equal(own!.rows[0], 2, "the user's own go before shipped ones");
      });

      it('and are written where they can be, never over shipped ones', async () => {
        const target = (embedded: boolean, path = modelPath) =>
          promptTokenTarget({ path, embedded }, folder());
        assert.equal(await target(false), beside);
        assert.equal(await target(true), inFolder);
        assert.equal(await target(false, '/nowhere/b.gguf'), inFolder);
      });
    });
  });
});
