/**
 * Places, `|` the cursor, where a model may write a line that repeats nothing of the text or of itself.
 * Where it does depends on the model: tests choose by what the one at hand writes.
 */
export const PLAIN_PLACES = [
  'try {\n  await |',
  'export class Stack {\n  push(item) {\n    |',
  'const { name, |',
  'import { |',
  'export function clamp(value: number, low: number, high: number): number {\n  return |',
  'switch (kind) {\n  case |',
  'const values = [1, 2, 3];\nconst doubled = |',
  'function isEmpty(list) {\n  if (|',
] as const;
