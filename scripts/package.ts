/** `npm run package`: builds everything and packs the VSIX of this platform. */
import path from 'node:path';
import { buildBundles, buildNative } from './lib/build.ts';
import { root } from './lib/paths.ts';
import { reportFailure, stage } from './lib/stages.ts';
import { packageVsix } from './vsix/package-vsix.ts';

try {
  await buildNative();
  await buildBundles();
  const { file, sizeBytes } = await stage('package', packageVsix);
  console.log(`${path.relative(root, file)}: ${(sizeBytes / 1e6).toFixed(1)} MB`);
} catch (error) {
  reportFailure(error);
}
