/** The npm packages an installed extension needs beside its bundles. Pure. */

export interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** `packages` of package-lock.json: install path, e.g. "node_modules/a/node_modules/b" -> package. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** Not bundled: it finds its libraries relative to its own files. */
export const RUNTIME_PACKAGE = 'node-llama-cpp';

/** Library packages per VS Code target. CUDA's are left out: each is larger than all the rest. */
const LIBRARY_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['linux-x64', 'linux-x64-vulkan'],
  'linux-arm64': ['linux-arm64'],
  'linux-armhf': ['linux-armv7l'],
  'darwin-x64': ['mac-x64'],
  'darwin-arm64': ['mac-arm64-metal'],
  'win32-x64': ['win-x64', 'win-x64-vulkan'],
  'win32-arm64': ['win-arm64'],
};

/** VS Code's name for a platform, where Foretoken has libraries for it. */
export function vsixTarget(platform: NodeJS.Platform, arch: string): string {
  const target = `${platform}-${arch === 'arm' ? 'armhf' : arch}`;
  if (target in LIBRARY_PACKAGES) return target;
  throw new Error(`There are no llama.cpp libraries for ${target}.`);
}

export function libraryPackages(target: string): readonly string[] {
  return (LIBRARY_PACKAGES[target] ?? []).map((name) => `@node-llama-cpp/${name}`);
}

/** Install paths of the named packages and everything they depend on, sorted. */
export function packageClosure(names: readonly string[], locked: LockedPackages): string[] {
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const location = resolvePackage(name, from, locked);
    if (found.has(location)) return;
    found.add(location);
    for (const dependency of Object.keys(locked[location]?.dependencies ?? {})) {
      visit(dependency, location);
    }
  };
  for (const name of names) visit(name, '');
  return [...found].sort();
}

/** Node's rule: the nearest node_modules folder, going up from the package that asks. */
function resolvePackage(name: string, from: string, locked: LockedPackages): string {
  for (let folder = from; ; folder = enclosingPackage(folder)) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (candidate in locked) return candidate;
    if (folder === '') throw new Error(`${name}, needed by ${from}, is not in package-lock.json.`);
  }
}

function enclosingPackage(location: string): string {
  const nested = location.lastIndexOf('/node_modules/');
  return nested === -1 ? '' : location.slice(0, nested);
}
