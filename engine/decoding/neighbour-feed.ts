import { setImmediate } from 'node:timers/promises';
import type { Foreground } from '../prompt-tokens/training/foreground.ts';
import type { NeighbourText } from '../protocol.ts';
import type { NeighbourTokens } from './neighbour-tokens.ts';

const NEVER = new AbortController().signal;

/** Brings the texts of open files to whichever model is loaded, while no completion runs. */
export class NeighbourFeed {
  readonly #foreground: Foreground;
  readonly #target: () => NeighbourTokens | undefined;
  #texts: readonly NeighbourText[] = [];
  #running = false;

  /** @param target That of the loaded model. */
  constructor(foreground: Foreground, target: () => NeighbourTokens | undefined) {
    this.#foreground = foreground;
    this.#target = target;
  }

  /** Replaces all earlier texts. */
  replace(texts: readonly NeighbourText[]): void {
    this.#texts = texts;
    // What is closed or excluded by now is forgotten at once.
    this.#target()?.replace(texts);
    this.resume();
  }

  /** To be called when another model may have been loaded. */
  resume(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run().finally(() => (this.#running = false));
  }

  async #run(): Promise<void> {
    const step = (): Promise<boolean> => Promise.resolve(this.#step());
    // Between two pieces requests are read, and what they start goes first.
    while (await this.#foreground.behind(step, () => undefined, NEVER)) await setImmediate();
  }

  #step(): boolean {
    const target = this.#target();
    target?.replace(this.#texts);
    return target?.advance() ?? false;
  }
}
