/**
 * Packages of package-lock.json that are not installed, given npm's own record of what is
 * (node_modules/.package-lock.json). Optional packages may be missing: they belong to a platform.
 */
export function missingPackages(lockfile, installed) {
  const present = installed.packages ?? {};
  return Object.entries(lockfile.packages ?? {})
    .filter(([path, wanted]) => path !== '' && present[path]?.version !== wanted.version)
    .filter(([path, wanted]) => present[path] !== undefined || wanted.optional !== true)
    .map(([path]) => path);
}
