/** How many leading tokens two sequences share: the K/V entries that need no recomputation. */
export function commonPrefixLength(cached: readonly number[], wanted: readonly number[]): number {
  const limit = Math.min(cached.length, wanted.length);
  let length = 0;
  while (length < limit && cached[length] === wanted[length]) length += 1;
  return length;
}

/**
 * Tokens of the cache to keep for a prompt. At least the prompt's last token is evaluated again:
 * a forward pass is the only source of the row that follows it.
 */
export function reusableLength(cached: readonly number[], prompt: readonly number[]): number {
  return Math.min(commonPrefixLength(cached, prompt), prompt.length - 1);
}
