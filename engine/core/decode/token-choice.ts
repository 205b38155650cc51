import { argmax, type TokenRow } from './decoder.ts';

/** Picks the next token from a row. */
export type TokenChoice = (row: TokenRow) => number;

/**
 * A choice that first spells out `lead`: white space in front of the cursor that was held back
 * from the prompt, because a prompt ending in a space tokenises unlike any text the model was
 * trained on. Until `lead` is spelt, the best candidate that agrees with it is taken; where none of
 * the row's candidates agrees the model has other plans, and the choice is free from there on.
 *
 * @param pieceOf Text of one token.
 */
export function chooseAfterLead(
  lead: string,
  pieceOf: (token: number) => string,
  choose: TokenChoice,
): TokenChoice {
  let missing = lead;
  return (row) => {
    if (missing === '') return choose(row);
    for (const id of row.ids) {
      const piece = pieceOf(id);
      if (piece === '') continue;
      if (piece.startsWith(missing) || missing.startsWith(piece)) {
        missing = missing.slice(piece.length);
        return id;
      }
    }
    missing = '';
    return choose(row);
  };
}

/** As `chooseAfterLead`, greedy. */
export function greedyAfterLead(lead: string, pieceOf: (token: number) => string): TokenChoice {
  return chooseAfterLead(lead, pieceOf, argmax);
}

/**
 * Removes the held-back `lead` from the front of generated text, which may still be growing. Text
 * that does not start with it only loses its own leading blanks, so that none are doubled.
 */
export function withoutLead(text: string, lead: string): string {
  if (text.startsWith(lead)) return text.slice(lead.length);
  if (lead.startsWith(text)) return '';
  return text.replace(/^[ \t]+/, '');
}
