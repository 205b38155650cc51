/** With so few texts each is cut in two, so that both parts have some of each. */
const FEW_TEXTS = 8;

/** Share of the text that prompt tokens are measured on. */
const HELD_OUT_SHARE = 1 / 6;

/** A held-out part this short would have no room for a continuation. */
const LEAST_CHARACTERS = 200;

export interface SplitTexts {
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
}

/** Texts to learn from and texts to be measured on; where there is only one short text, both are it. */
export function splitTexts(texts: readonly string[]): SplitTexts {
  if (texts.length >= FEW_TEXTS) {
    const count = Math.ceil(texts.length * HELD_OUT_SHARE);
    return { heldOut: texts.slice(0, count), training: texts.slice(count) };
  }
  const parts = texts.map((text) => {
    const cut = Math.floor(text.length * (1 - HELD_OUT_SHARE));
    return [text.slice(0, cut), text.slice(cut)] as const;
  });
  const heldOut = parts.flatMap(([, end]) => (end.length >= LEAST_CHARACTERS ? [end] : []));
  if (heldOut.length === 0) return { training: texts, heldOut: texts };
  return { training: parts.map(([start]) => start), heldOut };
}
