/**
 * Measures a GPU, piece by piece: what is there already is kept, so running the same command again
 * goes on. bench/gpu/README.md says how a run goes and what each piece tells.
 *
 *   --gpu auto|cpu|vulkan|cuda|metal   (auto)
 *   --out FOLDER          where the pieces go (.cache/gpu/pieces)
 *   --minutes N           begin no piece after so many minutes (8)
 *   --phases a,b          of check, fallback, trees, tuning, modes, passes (all, in that order)
 *   --models FOLDER       where models are made (.cache/gpu/models)
 *   --vocabulary FILE     GGUF whose tokenizer random models take
 *   --shapes a,b          of tiny, 0.5B, 1.5B, 3B, 7B (0.5B,1.5B,3B,7B)
 *   --quick               few passes and prompts: to see whether it runs
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BUILT_IN_PROMPTS } from '../../engine/core/bench/built-in-prompts.ts';
import { findInstallation } from '../../engine/installation.ts';
import type { GpuSetting } from '../../engine/protocol.ts';
import { openDevice, type OpenDevice } from './lib/device.ts';
import {
  ALL_QUANTISATIONS,
  embeddedEditions,
  embeddedModel,
  forget,
  parseShapes,
  randomModel,
} from './lib/models.ts';
import { Pieces } from './lib/pieces.ts';
import { checkModel } from './phases/check.ts';
import { fallback } from './phases/fallback.ts';
import { measureModes } from './phases/modes.ts';
import { measurePasses, type PassOptions } from './phases/passes.ts';
import { checkTrees } from './phases/trees.ts';
import { measureTuning } from './phases/tuning.ts';

const CACHE = path.join(findInstallation().root, '.cache');
const GPUS: readonly GpuSetting[] = ['auto', 'cpu', 'vulkan', 'cuda', 'metal'];

const { values } = parseArgs({
  options: {
    gpu: { type: 'string', default: 'auto' },
    out: { type: 'string', default: path.join(CACHE, 'gpu', 'pieces') },
    minutes: { type: 'string', default: '8' },
    phases: { type: 'string', default: 'check,fallback,trees,tuning,modes,passes' },
    models: { type: 'string', default: path.join(CACHE, 'gpu', 'models') },
    vocabulary: {
      type: 'string',
      default: path.join(CACHE, 'llama-server', 'source', 'models', 'ggml-vocab-qwen2.gguf'),
    },
    shapes: { type: 'string', default: '0.5B,1.5B,3B,7B' },
    quick: { type: 'boolean', default: false },
    /** Of this program's own, in a process whose devices are hidden. */
    'fallback-only': { type: 'boolean', default: false },
  },
});

const gpu = GPUS.find((each) => each === values.gpu) ?? 'auto';
const folder = { folder: values.models, vocabulary: values.vocabulary };
const pieces = new Pieces(values.out, Number(values.minutes));

const PROMPTS = values.quick ? BUILT_IN_PROMPTS.slice(0, 3) : BUILT_IN_PROMPTS;

/** What the tuning found is for the modes too, and for nobody else. */
const TUNED = path.join(values.models, 'tuned');

const PASSES: PassOptions = values.quick
  ? { rounds: 1, repeats: 2, lengths: [1, 2, 4, 8, 16] }
  : { rounds: 4, repeats: 6 };

/** Made once: a process opens one set of libraries. */
let opened: Promise<OpenDevice> | undefined;
const device = (): Promise<OpenDevice> => (opened ??= openDevice(gpu));

const PHASES: Readonly<Record<string, () => Promise<void>>> = {
  check: () => pieces.make(`${gpu}-check`, async () => checkModel(await device(), embeddedModel())),

  fallback: () => pieces.make(`${gpu}-fallback`, () => Promise.resolve(hiddenDevices())),

  trees: async () => {
    const trees = values.quick ? { sizes: [4, 10], rounds: 1 } : { sizes: [4, 16, 48], rounds: 6 };
    for (const [type, file] of Object.entries(embeddedEditions(folder))) {
      for (const flashAttention of [true, false]) {
        const name = `${gpu}-trees-${type}-flash-${flashAttention ? 'on' : 'off'}`;
        await pieces.make(name, async () =>
          checkTrees(await device(), file, { flashAttention, ...trees }),
        );
      }
    }
  },

  tuning: async () => {
    const sizes = values.quick ? { maxTokens: 16, rounds: 1 } : { maxTokens: 96, rounds: 3 };
    for (const [type, model] of Object.entries(embeddedEditions(folder))) {
      await pieces.make(`${gpu}-tuning-${type}`, () =>
        measureTuning({ gpu, model, modelsFolder: TUNED, prompts: PROMPTS, ...sizes }),
      );
    }
  },

  modes: async () => {
    const sizes = values.quick ? { maxTokens: 16, runs: 1 } : { maxTokens: 96, runs: 3 };
    for (const [type, model] of Object.entries(embeddedEditions(folder))) {
      await pieces.make(`${gpu}-modes-${type}`, () =>
        measureModes({ gpu, model, modelsFolder: TUNED, prompts: PROMPTS, ...sizes }),
      );
    }
  },

  passes: async () => {
    for (const [type, file] of Object.entries(embeddedEditions(folder))) {
      await pieces.make(`${gpu}-passes-embedded-${type}`, async () =>
        measurePasses(await device(), file, PASSES),
      );
    }
    for (const shape of parseShapes(values.shapes)) {
      for (const quantisation of ALL_QUANTISATIONS) {
        await pieces.make(`${gpu}-passes-${shape}-${quantisation}`, async () => {
          const file = randomModel(folder, shape, quantisation);
          const measured = await measurePasses(await device(), file, PASSES);
          forget(file);
          return measured;
        });
      }
    }
  },
};

/** The same program again, where no driver shows a device, and with a GPU that this system never has. */
function hiddenDevices() {
  const hidden = { CUDA_VISIBLE_DEVICES: '-1', GGML_VK_VISIBLE_DEVICES: '', VK_DRIVER_FILES: '/' };
  const ask = (setting: GpuSetting): unknown => {
    const args = [...process.execArgv, process.argv[1] ?? '', '--fallback-only', '--gpu', setting];
    const env = { ...process.env, ...hidden };
    const { stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') as unknown;
  };
  const foreign = process.platform === 'darwin' ? 'cuda' : 'metal';
  return { hidden: ask(gpu), foreign: ask(foreign) };
}

if (values['fallback-only']) console.log(JSON.stringify(await fallback(gpu)));
else {
  for (const name of values.phases.split(',')) {
    const phase = PHASES[name];
    if (phase === undefined) throw new Error(`There is no phase ${name}.`);
    await phase();
  }
}
// Drivers keep threads alive.
process.exit(0);
