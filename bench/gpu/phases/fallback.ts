/** What the user is told where the GPU that was asked for is not there. */
import { Engine } from '../../../engine/engine.ts';
import { findInstallation } from '../../../engine/installation.ts';
import { DEFAULT_CONFIGURATION, type GpuSetting } from '../../../engine/protocol.ts';

/** In a process of its own, whose environment hides the devices. */
export async function fallback(gpu: GpuSetting) {
  const ignore = (): void => undefined;
  const engine = new Engine(findInstallation(), { onState: ignore, onLog: ignore });
  const state = await engine.configure({ ...DEFAULT_CONFIGURATION, gpu });
  await engine.unload();
  if (state.kind !== 'ready') return { asked: gpu, state };
  return { asked: gpu, served: state.device.backend, warnings: state.warnings };
}
