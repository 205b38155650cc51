/**
 * Answers of the engine by the text around the cursor. Stores RAW text: post-processing depends on
 * the document as it is when the answer is shown. In memory only.
 */
import { LRUCache } from 'lru-cache';

export const CACHE_ENTRIES = 250;
/** UTF-16 code units of prefixes, suffixes and texts together: at most 16 MB. */
export const CACHE_CHARS = 8_000_000;

export interface CacheKey {
  /** All else that the text depends on, in one string: model, language, multi-line or not. */
  readonly scope: string;
  readonly prefix: string;
  readonly suffix: string;
}

interface Entry extends CacheKey {
  readonly text: string;
}

export class CompletionCache {
  readonly #entries: LRUCache<string, Entry>;

  constructor(maxEntries: number = CACHE_ENTRIES, maxChars: number = CACHE_CHARS) {
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxChars, sizeCalculation: sizeOf });
  }

  get size(): number {
    return this.#entries.size;
  }

  set(key: CacheKey, text: string): void {
    const { scope, prefix, suffix } = key;
    this.#entries.set(identify(key), { scope, prefix, suffix, text });
  }

  /**
   * The raw text that goes at the cursor, or null. Failing an entry for exactly this place, the
   * most recent one whose text begins with what has been typed since; of it, the part not yet typed.
   */
  get(key: CacheKey): string | null {
    return this.#entries.get(identify(key))?.text ?? this.#typedThrough(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Looks at every entry: at most a few hundred comparisons that mostly fail on the length. */
  #typedThrough(key: CacheKey): string | null {
    for (const [id, entry] of this.#entries.entries()) {
      const rest = untyped(entry, key);
      if (rest === null) continue;
      this.#entries.get(id);
      return rest;
    }
    return null;
  }
}

function untyped(entry: Entry, key: CacheKey): string | null {
  if (entry.suffix !== key.suffix || entry.scope !== key.scope) return null;
  if (!key.prefix.startsWith(entry.prefix)) return null;
  const typed = key.prefix.slice(entry.prefix.length);
  if (typed.length >= entry.text.length || !entry.text.startsWith(typed)) return null;
  return entry.text.slice(typed.length);
}

/** The lengths make it impossible for two places to have the same identity. */
function identify({ scope, prefix, suffix }: CacheKey): string {
  return `${scope.length}:${prefix.length}:${scope}${prefix}${suffix}`;
}

/** The identity is a second copy of the text around the cursor. */
function sizeOf({ scope, prefix, suffix, text }: Entry): number {
  return 2 * (scope.length + prefix.length + suffix.length) + text.length + 1;
}
