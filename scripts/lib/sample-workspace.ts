import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sampleWorkspace } from './paths.ts';

/** A copy to play with, so that the repository stays as it is. The caller removes its parent. */
export function copySampleWorkspace(): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'foretoken-sample-')), 'sample');
  cpSync(sampleWorkspace, folder, { recursive: true });
  return folder;
}
