import * as vscode from 'vscode';
import { parseRun, serialiseRun, type BenchRun } from './run-record.ts';

/** Older ones go. */
const MOST_RUNS = 12;

/** The last runs, a file each, in the extension's own storage. */
export class BenchHistory {
  readonly #folder: vscode.Uri;

  constructor(storage: vscode.Uri) {
    this.#folder = vscode.Uri.joinPath(storage, 'benchmarks');
  }

  async add(run: BenchRun): Promise<void> {
    const { fs } = vscode.workspace;
    await fs.createDirectory(this.#folder);
    await fs.writeFile(this.#fileOf(run), new TextEncoder().encode(serialiseRun(run)));
    for (const old of (await this.runs()).slice(MOST_RUNS)) await fs.delete(this.#fileOf(old));
  }

  /** Newest first; what cannot be read is left out. */
  async runs(): Promise<readonly BenchRun[]> {
    const entries = await this.#entries();
    const files = entries.filter(([name]) => name.endsWith('.json'));
    const runs = await Promise.all(files.map(([name]) => this.#read(name)));
    return runs.filter((each) => each !== null).toSorted((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Before the first run there is no folder. */
  async #entries(): Promise<[string, vscode.FileType][]> {
    try {
      return await vscode.workspace.fs.readDirectory(this.#folder);
    } catch {
      return [];
    }
  }

  async #read(name: string): Promise<BenchRun | null> {
    try {
      const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.#folder, name));
      return parseRun(new TextDecoder().decode(bytes));
    } catch {
      return null;
    }
  }

  #fileOf({ id }: BenchRun): vscode.Uri {
    return vscode.Uri.joinPath(this.#folder, `${id}.json`);
  }
}
