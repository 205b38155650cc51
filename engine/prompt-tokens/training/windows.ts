/** A piece of text to learn from. */
export interface TrainingWindow {
  readonly tokens: Int32Array;
  /** First index that prompt tokens may be inserted after. */
  readonly firstInsertion: number;
}

/** Where windows come from. */
export interface WindowSource {
  /** The window of this number; the same one whenever it is asked for. Null = cancelled. */
  window(index: number): Promise<TrainingWindow | null>;
}

/** Remembers the windows of a source, which cost a decode each. */
export class RememberedWindows implements WindowSource {
  readonly #source: WindowSource;
  readonly #known: Map<number, TrainingWindow>;

  constructor(source: WindowSource, known: Iterable<readonly [number, TrainingWindow]> = []) {
    this.#source = source;
    this.#known = new Map(known);
  }

  get entries(): readonly (readonly [number, TrainingWindow])[] {
    return [...this.#known];
  }

  async window(index: number): Promise<TrainingWindow | null> {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const window = await this.#source.window(index);
    if (window !== null) this.#known.set(index, window);
    return window;
  }
}

/** Index after the last place where m prompt tokens have teachers. */
export function insertionEnd({ tokens }: TrainingWindow, promptTokens: number): number {
  return tokens.length - promptTokens;
}
