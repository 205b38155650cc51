import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findInstallation } from '../../engine/installation.ts';
import type { NativeModel } from '../../engine/native/addon.d.ts';
import { loadAddon } from '../../engine/native/load-addon.ts';

/** A model in this process, on the CPU, through the libraries of node-llama-cpp's CPU package. */
export async function openModel(file: string): Promise<NativeModel> {
  const name = `${process.platform}-${process.arch}`;
  const entry = createRequire(import.meta.url).resolve(`@node-llama-cpp/${name}`);
  const platformPackage = (await import(pathToFileURL(entry).href)) as {
    getBinsDir(): { binsDir: string };
  };
  const addon = loadAddon(findInstallation().root);
  addon.openLibraries(path.join(platformPackage.getBinsDir().binsDir, name));
  return addon.loadModel({ path: file, gpuLayers: 0 }).model;
}
