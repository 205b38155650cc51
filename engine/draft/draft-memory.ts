/**
 * Whether a draft fits beside what is loaded. It is the first to be given up: the editor, the compiler
 * and the model itself need the memory more.
 */
export interface MemoryAtHand {
  readonly freeBytes: number;
  /** 0 where the device does not say: then nothing is known against the draft. */
  readonly totalBytes: number;
}

/** Left free beside the draft, so that not the next program to start runs out. */
const RESERVE_SHARE = 0.05;

export function fitsBeside(draftBytes: number, { freeBytes, totalBytes }: MemoryAtHand): boolean {
  return totalBytes <= 0 || draftBytes + RESERVE_SHARE * totalBytes <= freeBytes;
}

/** What to tell the user. */
export function noRoomMessage(
  name: string,
  draftBytes: number,
  { freeBytes }: MemoryAtHand,
): string {
  return `The draft model ${name} is not used: it takes ${mib(draftBytes)} MiB and ${mib(freeBytes)} MiB are free. Close other programs, or choose a smaller one in foretoken.draftModel.`;
}

function mib(bytes: number): string {
  return Math.round(bytes / 2 ** 20).toString();
}
