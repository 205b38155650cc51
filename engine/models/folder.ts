import os from 'node:os';
import path from 'node:path';

/** Names the folder for downloaded models; the extension sets it to its own storage. */
export const FOLDER_VARIABLE = 'FORETOKEN_MODELS';

/** Where downloaded models are kept: the variable, or the user's cache folder by the XDG rule. */
export function modelsFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home = os.homedir(),
): string {
  const named = environment[FOLDER_VARIABLE];
  if (named !== undefined && named !== '') return path.resolve(named);
  const xdg = environment['XDG_CACHE_HOME'];
  // The XDG specification: a relative path is invalid and to be ignored.
  const cache = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache');
  return path.join(cache, 'foretoken', 'models');
}
