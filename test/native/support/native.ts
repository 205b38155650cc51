/** The addon with its libraries open, and files for the tests. */
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type {
  ContextOptions,
  DecodeBatch,
  DecodeRows,
  NativeAddon,
  NativeContext,
  NativeModel,
} from '../../../engine/native/addon.d.ts';
import { EMBEDDED_MODELS } from '../../../engine/models/resolve.ts';
import { attentionOptions } from '../../../engine/native/cache-options.ts';
import { loadAddon } from '../../../engine/native/load-addon.ts';

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

let scratch: string | null = null;

/** A directory for this process, removed when it exits. */
export function scratchDirectory(): string {
  if (scratch === null) {
    const made = mkdtempSync(join(tmpdir(), 'foretoken-native-'));
    process.once('exit', () => {
      rmSync(made, { recursive: true, force: true });
    });
    scratch = made;
  }
  return scratch;
}

export function scratchFile(name: string, content: string | Uint8Array): string {
  const path = join(scratchDirectory(), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Where node-llama-cpp's platform package keeps the CPU libraries of this machine. */
export async function librariesDirectory(): Promise<string> {
  const names: Readonly<Record<string, string>> = {
    'linux-x64': 'linux-x64',
    'linux-arm64': 'linux-arm64',
    'darwin-arm64': 'mac-arm64-metal',
    'darwin-x64': 'mac-x64',
    'win32-x64': 'win-x64',
    'win32-arm64': 'win-arm64',
  };
  const name = names[`${process.platform}-${process.arch}`];
  if (name === undefined) throw new Error('No node-llama-cpp package for this platform.');
  const entry = createRequire(import.meta.url).resolve(`@node-llama-cpp/${name}`);
  const platformPackage = (await import(pathToFileURL(entry).href)) as {
    getBinsDir(): { binsDir: string };
  };
  return join(platformPackage.getBinsDir().binsDir, name);
}

let addon: NativeAddon | null = null;

export async function openAddon(): Promise<NativeAddon> {
  if (addon === null) {
    const loaded = loadAddon(root);
    loaded.openLibraries(await librariesDirectory());
    addon = loaded;
  }
  return addon;
}

/** The embedded model: trained weights. */
export function trainedModelPath(): string {
  const path = join(root, 'models', EMBEDDED_MODELS[0].file);
  if (!existsSync(path)) throw new Error(`There is no model at ${path}.`);
  return path;
}

export async function loadModel(path: string): Promise<NativeModel> {
  return (await openAddon()).loadModel({ path, gpuLayers: 0 }).model;
}

/** One thread: two would wait for each other at spin barriers when the machine is busy. */
export const SMALL_CONTEXT: ContextOptions = {
  contextLength: 512,
  batchSize: 64,
  threads: 1,
  batchThreads: 1,
  sequences: 8,
  ...attentionOptions(false),
};

/** Decodes and insists on rows. */
export async function decodeRows(
  context: NativeContext,
  tokens: readonly number[] | Int32Array,
  options: Partial<DecodeBatch> = {},
): Promise<DecodeRows> {
  const sequence = options.sequence ?? 0;
  const result = await context.decode({
    tokens: Int32Array.from(tokens),
    sequence,
    position: context.sequenceLength(sequence),
    outputs: 1,
    topK: 10,
    ...options,
  });
  if (result.kind !== 'done') throw new Error('The decode was cancelled.');
  return result;
}

export function errorCode(error: unknown): string {
  if (error instanceof Error && error.name === 'NativeError' && 'code' in error) {
    return String(error.code);
  }
  throw error;
}

/** The code that `action` fails with, at once or by rejecting; 'none' when it succeeds. */
export async function failure(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'none';
  } catch (error) {
    return errorCode(error);
  }
}
