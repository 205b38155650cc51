import { at } from './at.ts';

/** A binary heap that hands out the item of greatest key first. */
export class MaxHeap<T> {
  readonly #keys: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The greatest key; -Infinity when empty. */
  get topKey(): number {
    return this.#keys[0] ?? -Infinity;
  }

  push(key: number, item: T): void {
    let hole = this.#keys.length;
    this.#keys.push(key);
    this.#items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (at(this.#keys, parent) >= key) break;
      this.#swap(hole, parent);
      hole = parent;
    }
  }

  pop(): T | undefined {
    if (this.#items.length === 0) return undefined;
    this.#swap(0, this.#items.length - 1);
    this.#keys.pop();
    const top = this.#items.pop();
    let hole = 0;
    for (;;) {
      const largest = this.#largestOf(hole);
      if (largest === hole) return top;
      this.#swap(hole, largest);
      hole = largest;
    }
  }

  #largestOf(parent: number): number {
    let largest = parent;
    for (const child of [2 * parent + 1, 2 * parent + 2]) {
      if ((this.#keys[child] ?? -Infinity) > (this.#keys[largest] ?? -Infinity)) largest = child;
    }
    return largest;
  }

  #swap(a: number, b: number): void {
    [this.#keys[a], this.#keys[b]] = [at(this.#keys, b), at(this.#keys, a)];
    const item = at(this.#items, a);
    this.#items[a] = at(this.#items, b);
    this.#items[b] = item;
  }
}
