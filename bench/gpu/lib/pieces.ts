import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Results as files of one folder, one for each thing measured: what is there is not done again. */
export class Pieces {
  readonly #folder: string;
  readonly #deadline: number;

  /** @param minutes After so many no new piece is begun. */
  constructor(folder: string, minutes: number) {
    this.#folder = folder;
    this.#deadline = performance.now() + minutes * 60_000;
    mkdirSync(folder, { recursive: true });
  }

  /** Makes the piece, unless it is there already or the time is up. Its failure is a piece, too. */
  async make(name: string, measure: () => Promise<unknown>): Promise<void> {
    const file = path.join(this.#folder, `${name}.json`);
    if (existsSync(file)) return;
    if (performance.now() > this.#deadline) {
      console.log(`${name}: no time left; run the same command again`);
      return;
    }
    const started = performance.now();
    const result = await measure().catch((error: unknown) => ({ failed: String(error) }));
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const text = JSON.stringify({ seconds, ...(result as object) }, null, 1);
    writeFileSync(`${file}.partial`, `${text}\n`);
    renameSync(`${file}.partial`, file);
    const failed = typeof result === 'object' && result !== null && 'failed' in result;
    console.log(`${name}: ${failed ? String(result.failed) : 'done'}, ${seconds} s`);
  }
}

/** All pieces of a folder, by name. */
export function readPieces(folder: string): Readonly<Record<string, unknown>> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(
    files
      .sort()
      .map((name) => [
        path.basename(name, '.json'),
        JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as unknown,
      ]),
  );
}
