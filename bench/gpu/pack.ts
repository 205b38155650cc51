/**
 * `npx tsx bench/gpu/pack.ts`: everything that a bare machine without network wants besides the
 * tracked files of this repository, as .cache/gpu/pack/foretoken.tar.xz.
 *
 * In it: node, the bundles and the addon, node-llama-cpp with its CPU and Vulkan libraries and what its
 * CUDA package has besides libggml-cuda.so, the Vulkan loader, bench/gpu/run.mjs, a vocabulary, and the
 * source of ggml: libggml-cuda.so is too large to carry and is built there, for one architecture.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { packageClosure, type LockedPackages } from '../../scripts/vsix/runtime-packages.ts';
import { fetchLlamaSource } from '../lib/peers/build-llama-server.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PACK = path.join(ROOT, '.cache', 'gpu', 'pack');
const STAGE = path.join(PACK, 'stage');
const ARCHIVE = path.join(PACK, 'foretoken.tar.xz');

const PACKAGES = [
  'node-llama-cpp',
  '@node-llama-cpp/linux-x64',
  '@node-llama-cpp/linux-x64-vulkan',
];
const CUDA_PACKAGE = 'node_modules/@node-llama-cpp/linux-x64-cuda';
const CUDA_LIBRARY = 'libggml-cuda.so';
const VOCABULARY = 'ggml-vocab-qwen2.gguf';
/** Sources, type declarations and maps: nothing runs them. */
const NEEDLESS = /\/llama\/(gitRelease\.bundle|addon|xpack)(\/|$)|\.(map|d\.ts)$/;

async function pack(): Promise<void> {
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(STAGE, { recursive: true });
  for (const each of ['dist', 'native/build/Release/foretoken.node', ...installed()]) take(each);
  take(CUDA_PACKAGE, (file) => path.basename(file) !== CUDA_LIBRARY);
  copy(realpathSync(process.execPath), 'bin/node');
  for (const library of vulkanLoader()) copy(library, `lib/${path.basename(library)}`);
  const source = await fetchLlamaSource();
  copy(path.join(source, 'models', VOCABULARY), VOCABULARY);
  copy(
    path.join(source, 'ggml'),
    'ggml',
    (file) => !/ggml-(sycl|opencl|cann|metal|webgpu|hexagon|openvino)/.test(file),
  );
  bundleRunner();
  const { status } = spawnSync('tar', ['-C', STAGE, '-cJf', ARCHIVE, '.'], {
    env: { ...process.env, XZ_OPT: '-9' },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tar failed.');
  rmSync(STAGE, { recursive: true });
  console.log(`${ARCHIVE}: ${(statSync(ARCHIVE).size / 2 ** 20).toFixed(1)} MiB`);
}

/** Node-llama-cpp and all that it depends on. */
function installed(): readonly string[] {
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: LockedPackages;
  };
  return packageClosure(PACKAGES, lock.packages);
}

/** From this repository, to the same place in the archive; nested packages are listed for themselves. */
function take(relative: string, keep: (file: string) => boolean = () => true): void {
  const nested = path.join(ROOT, relative, 'node_modules');
  copy(path.join(ROOT, relative), relative, (file) => {
    return file !== nested && !NEEDLESS.test(file) && keep(file);
  });
}

function copy(
  source: string,
  target: string,
  filter: (file: string) => boolean = () => true,
): void {
  if (!existsSync(source)) throw new Error(`${source} is missing: build first (npm run build).`);
  cpSync(source, path.join(STAGE, target), { recursive: true, dereference: true, filter });
}

/** Of this machine, where it has one: libvulkan.so.1 alone, drivers bring the rest. */
function vulkanLoader(): readonly string[] {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64'].filter((each) => existsSync(each));
  const found = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name === 'libvulkan.so.1')
      .map((name) => path.join(folder, name)),
  );
  if (found.length === 0) console.warn('There is no libvulkan.so.1 here to take along.');
  return found.slice(0, 1);
}

function bundleRunner(): void {
  buildSync({
    entryPoints: [path.join(ROOT, 'bench', 'gpu', 'run.ts')],
    outfile: path.join(STAGE, 'bench', 'gpu', 'run.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['node-llama-cpp'],
    // CommonJS packages inside ask for it.
    banner: {
      js: "import{createRequire as requireOf}from'node:module';const require=requireOf(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

await pack();
