/**
 * Which models suit a device. Pure, and a rule of thumb on purpose: it needs no download to answer,
 * and what a file really needs is estimated from its header once it is there (estimate-memory.ts).
 *
 * Memory: a model has to fit into half of a computer's memory (the editor, the browser and the
 * compiler live there too) or into 80 % of a GPU's.
 *
 * Speed: decoding one token reads the active weights once, so a device decodes about
 * `bandwidth / active bytes` tokens per second. Under 20 of them ghost text comes too late to be
 * worth waiting for. The bandwidths are low guesses for each kind of device.
 */
import type { DeviceInfo, ModelLicence } from '../protocol.ts';

export interface Candidate {
  readonly name: string;
  readonly parameters: { readonly total: number; readonly active: number };
  readonly fillInMiddle: 'yes' | 'prefix-only' | 'unknown';
  readonly licence: ModelLicence;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

export interface Recommendation {
  readonly name: string;
  readonly reason: string;
}

const MEMORY_SHARE = { cpu: 0.5, gpu: 0.8 } as const;

/** Bytes per second. A laptop's two memory channels; the memory of an entry-level graphics card. */
const BANDWIDTH = { cpu: 35e9, gpu: 200e9 } as const;

/** Fewer threads than this do not use up the memory's bandwidth. */
const THREADS_FOR_FULL_BANDWIDTH = 4;

const LOWEST_TOKENS_PER_SECOND = 20;

/** Best first: the largest model that is fast enough, then the next smaller one. */
const MOST_RECOMMENDED = 2;

export function recommend(
  candidates: readonly Candidate[],
  device: DeviceInfo,
): readonly Recommendation[] {
  const kind = device.backend === 'cpu' ? 'cpu' : 'gpu';
  const memory = device.memoryBytes * MEMORY_SHARE[kind];
  const suitable = candidates.filter(
    (each) =>
      each.fillInMiddle === 'yes' &&
      each.licence.terms === 'permissive' &&
      each.memoryBytes <= memory &&
      tokensPerSecond(each, device) >= LOWEST_TOKENS_PER_SECOND,
  );
  return suitable
    .toSorted((a, b) => b.parameters.total - a.parameters.total)
    .slice(0, MOST_RECOMMENDED)
    .map((each, index) => ({ name: each.name, reason: reasonFor(each, device, index === 0) }));
}

function tokensPerSecond(
  { parameters, fileBytes }: Candidate,
  { backend, threads }: DeviceInfo,
): number {
  const activeBytes = (fileBytes * parameters.active) / parameters.total;
  if (backend !== 'cpu') return BANDWIDTH.gpu / activeBytes;
  const share = Math.min(1, threads / THREADS_FOR_FULL_BANDWIDTH);
  return (BANDWIDTH.cpu * share) / activeBytes;
}

function reasonFor(candidate: Candidate, device: DeviceInfo, largest: boolean): string {
  const of = `${gib(candidate.memoryBytes)} of ${gib(device.memoryBytes)} GiB`;
  const where = device.backend === 'cpu' ? 'in memory' : 'of GPU memory';
  const rank = largest ? 'the largest that should be fast enough here' : 'smaller and faster';
  return `${rank}; takes about ${of} ${where}`;
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

/** The K/V cache of 4096 tokens and the compute buffers, for the models people complete with. */
const CONTEXT_BYTES = 0.5 * 2 ** 30;

/** Memory for a file nobody has looked into: its weights, something for padding, and a context. */
export function ruleOfThumbBytes(fileBytes: number): number {
  return Math.round(fileBytes * 1.05 + CONTEXT_BYTES);
}
