import { spawnSync } from 'node:child_process';
import { chooseBackend, describeDevice, type Backend } from '../../../engine/device.ts';
import { findInstallation } from '../../../engine/installation.ts';
import type { ContextOptions, NativeAddon, NativeModel } from '../../../engine/native/addon.d.ts';
import { loadAddon } from '../../../engine/native/load-addon.ts';
import type { DeviceInfo, GpuSetting } from '../../../engine/protocol.ts';
import { describeMachine } from '../../lib/machine.ts';

/** The addon with the libraries of one backend open: one per process. */
export interface OpenDevice {
  readonly addon: NativeAddon;
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly warnings: readonly string[];
  /** What llama.cpp has logged so far. */
  readonly log: readonly string[];
  load(path: string): Promise<NativeModel>;
}

export async function openDevice(gpu: GpuSetting): Promise<OpenDevice> {
  const { root } = findInstallation();
  const addon = loadAddon(root);
  const backend = await chooseBackend(gpu, root);
  const library = addon.openLibraries(backend.libraryDirectory);
  const log: string[] = [];
  addon.setLogger((_, line) => log.push(line.trimEnd()));
  const described = describeDevice(backend, library, 1);
  return {
    addon,
    backend,
    device: described.device,
    warnings: described.warnings,
    log,
    load: (path) => addon.loadModel({ path, gpuLayers: described.gpu ? -1 : 0 }).model,
  };
}

/** What the engine gives a context, but for the room that the trees here take. */
export function contextOptions(more: Partial<ContextOptions> = {}): ContextOptions {
  return {
    contextLength: 1024,
    batchSize: 256,
    outputRows: 64,
    threads: 1,
    batchThreads: 1,
    sequences: 64,
    flashAttention: true,
    ...more,
  };
}

/** Where a piece was measured; every piece says it. */
export function whereMeasured({ backend, device, warnings }: OpenDevice) {
  return {
    date: new Date().toISOString(),
    machine: describeMachine(),
    device,
    warnings,
    llamaCpp: backend.release,
    driver: device.backend === 'cpu' ? null : (nvidiaDriver() ?? vulkanDriver()),
  };
}

function nvidiaDriver(): string | null {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  return output('nvidia-smi', query);
}

function vulkanDriver(): string | null {
  const summary = output('vulkaninfo', ['--summary']) ?? '';
  const info = /driverInfo\s*=\s*(.+)/.exec(summary)?.[1];
  return info ?? null;
}

function output(command: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout.trim() : null;
}
