/**
 * Run as a process of its own, which ends in the middle of everything: argv[2] says how. Its exit
 * code tells whether the addon survived that.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadModel, openAddon, scratchFile, SMALL_CONTEXT } from './native.ts';
import { tinyLlama, toGguf } from './tiny-models.ts';

const addon = await openAddon();
addon.setLogger(() => undefined);
const path = scratchFile('exit.gguf', toGguf(tinyLlama()));
const model = await loadModel(path);
const contexts = await Promise.all(
  Array.from({ length: 20 }, () => model.createContext({ ...SMALL_CONTEXT, contextLength: 4096 })),
);
const tokens = new Int32Array(4000).fill(1);
const decode = (index: number) =>
  contexts[index]?.decode({ tokens, sequence: 0, position: 0, outputs: 1, topK: 1 });
const ignore = () => undefined;

const states: Readonly<Record<string, () => unknown>> = {
  idle: ignore,
  decoding: () => {
    for (let index = 0; index < 20; index += 1) decode(index)?.catch(ignore);
  },
  training: async () => {
    const options = { count: 8, ensemble: 8, windowLength: 512, insertions: 16, threads: 1 };
    const trainer = await model.createPromptTrainer(options);
    await trainer.load(tokens.subarray(0, 500));
    const rows = new Float32Array(8 * 8 * model.info.embeddingLength).fill(0.1);
    const insertions = Int32Array.from({ length: 16 }, (_, index) => 30 * index);
    trainer.gradient(rows, insertions, { decay: 1 }).catch(ignore);
    model.createPromptTrainer(options).catch(ignore);
  },
  disposing: () => {
    decode(0)?.catch(ignore);
    model.dispose().catch(ignore);
  },
  loading: () => {
    for (let load = 0; load < 20; load += 1) {
      addon.loadModel({ path, gpuLayers: 0, onProgress: ignore }).model.catch(ignore);
    }
  },
  // Finalisers hand the contexts over to the background release, which is still at work, and
  // logging, when the process exits.
  forgetting: () => {
    contexts.length = 0;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return new Promise((resolve) => setImmediate(resolve));
  },
};
await states[process.argv[2] ?? 'idle']?.();
process.exit(7);
