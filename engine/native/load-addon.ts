import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NativeAddon, NativeErrorCode } from './addon.d.ts';

/** Shaped like the errors that the addon itself throws. */
class NativeError extends Error {
  override readonly name = 'NativeError';
  readonly code: NativeErrorCode = 'library-unreadable';
}

/**
 * Loads the addon. `root` is the directory that holds native/: the repository, or the installed
 * extension, where native/ lies beside dist/.
 */
export function loadAddon(root: string): NativeAddon {
  const file = join(root, 'native', 'build', 'Release', 'foretoken.node');
  if (!existsSync(file)) {
    throw new NativeError(
      `The native addon is missing (${file}). In a source tree, build it with: npm run build:native`,
    );
  }
  try {
    // Not `import`: webpack would try to bundle the file.
    return createRequire(file)(file) as NativeAddon;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeError(
      `The native addon does not fit this machine or this version of Node: ${reason}. ` +
        'In a source tree, build it again with: npm run build:native',
      { cause: error },
    );
  }
}
