import path from 'node:path';
import type { Llama } from 'node-llama-cpp';
import { EngineFailure } from './engine-failure.ts';
import type { LibraryInfo } from './native/addon.d.ts';
import type { DeviceInfo, GpuSetting } from './protocol.ts';

/** The backend that node-llama-cpp picked, and where its libraries are. */
export interface Backend {
  readonly kind: DeviceInfo['backend'];
  readonly libraryDirectory: string;
  /** Cores that do arithmetic; hyper-threads not counted. */
  readonly mathCores: number;
  /** llama.cpp release, e.g. "v0.4.0". */
  readonly release: string;
  readonly warnings: readonly string[];
  /** node-llama-cpp's own handle, for its estimates. */
  readonly llama: Llama;
}

/**
 * Lets node-llama-cpp find the best backend that works here. A GPU the user asked for but that does
 * not work is a warning, not an error: the CPU serves instead.
 */
export async function chooseBackend(setting: GpuSetting, root: string): Promise<Backend> {
  const { getLlama } = await import('node-llama-cpp');
  const open = (gpu: GpuSetting): Promise<Llama> =>
    getLlama({
      gpu: gpu === 'cpu' ? false : gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
    });
  try {
    return describe(await open(setting), setting, root);
  } catch (error) {
    if (setting === 'cpu') {
      throw new EngineFailure(
        'library-unreadable',
        `llama.cpp's libraries do not load on this machine: ${String(error)}`,
      );
    }
    return describe(await open('cpu'), setting, root);
  }
}

function describe(llama: Llama, setting: GpuSetting, root: string): Backend {
  const kind = llama.gpu === false ? 'cpu' : llama.gpu;
  const warnings =
    setting === 'auto' || setting === kind
      ? []
      : [`No usable ${setting} device or driver was found, so the ${kind.toUpperCase()} is used.`];
  return {
    kind,
    libraryDirectory: libraryDirectory(root, kind),
    mathCores: llama.cpuMathCores,
    release: llama.llamaCppRelease.release,
    warnings,
    llama,
  };
}

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'mac', win32: 'win' };

/** node-llama-cpp's platform packages are named like mac-arm64-metal, linux-x64, win-x64-vulkan. */
function libraryDirectory(root: string, kind: DeviceInfo['backend']): string {
  const base = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const name = kind === 'cpu' ? base : `${base}-${kind}`;
  return path.join(root, 'node_modules', '@node-llama-cpp', name, 'bins', name);
}

/**
 * The device that will do the work. A GPU backend whose driver shows no device runs on the CPU, and
 * says so (the Vulkan package does that silently where libvulkan is missing).
 */
export function describeDevice(
  backend: Backend,
  library: LibraryInfo,
  threads: number,
): { readonly device: DeviceInfo; readonly gpu: boolean; readonly warnings: readonly string[] } {
  const gpu = library.devices.find((each) => each.type === 'gpu' || each.type === 'integrated-gpu');
  const cpu = library.devices.find((each) => each.type === 'cpu');
  const chosen = backend.kind === 'cpu' ? cpu : (gpu ?? cpu);
  const device: DeviceInfo = {
    backend: chosen === gpu && gpu !== undefined ? backend.kind : 'cpu',
    name: chosen?.description ?? 'unknown',
    memoryBytes: chosen?.memoryTotal ?? 0,
    threads,
  };
  const missing = backend.kind !== 'cpu' && gpu === undefined;
  return {
    device,
    gpu: device.backend !== 'cpu',
    warnings: missing
      ? [...backend.warnings, `The ${backend.kind} driver shows no device: the CPU is used.`]
      : backend.warnings,
  };
}

/** More threads than this no longer help a model of the size that completes code. */
const MOST_THREADS = 8;

/**
 * Threads unless the user names a number. One core stays free for the editor: llama.cpp's threads
 * wait for each other by spinning, so a step takes ten times as long when one of them is preempted.
 */
export function defaultThreads(mathCores: number): number {
  return Math.max(1, Math.min(MOST_THREADS, mathCores - 1));
}
