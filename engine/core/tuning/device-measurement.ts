import { at } from '../tree/at.ts';
import type { DeviceProfile, DeviceProfiles } from './device-profile.ts';

/** Passes over trees of one kind, all arrays by the index of `lengths`. */
export interface MeasuredPasses {
  /** Rows, rising from 1. */
  readonly lengths: readonly number[];
  /** Milliseconds, as in `DeviceProfile`. */
  readonly steadyMs: readonly number[];
  readonly mixedMs: readonly number[];
}

/** What was measured behind a text of some length. */
export interface DepthMeasurement {
  /** Tokens in the cache. */
  readonly contextTokens: number;
  readonly plainMs: number;
  /** Chains of tokens, as n-grams propose them. */
  readonly chains: MeasuredPasses;
  /** Trees with prompt tokens; null where the model has none. */
  readonly trees: MeasuredPasses | null;
}

export type DeviceMeasurement = readonly DepthMeasurement[];

export type PassKind = 'chains' | 'trees';

/** A pass of one row takes as long as a step of plain decoding, but for the way there. */
const MOST_OF_ONE_ROW = 1.5;
/** How much less a longer pass may take, and how many of the short ones may. */
const TOLERANCE = 0.9;
const SHORT_ROWS = 16;
const MOST_INVERSIONS = 3;

/**
 * Whether the machine was quiet enough. Where others work too, times go up and down from length to
 * length, and what was measured would mislead for as long as it is kept.
 */
export function isBelievable(measurement: DeviceMeasurement): boolean {
  return measurement.every(({ plainMs, chains: { lengths, steadyMs } }) => {
    const short = steadyMs.filter((_, index) => at(lengths, index) <= SHORT_ROWS);
    const inversions = short.filter((ms, n) => ms < TOLERANCE * Math.max(0, ...short.slice(0, n)));
    return at(short, 0) <= MOST_OF_ONE_ROW * plainMs && inversions.length <= MOST_INVERSIONS;
  });
}

/** Of at least one depth. */
export function profilesOf(measurement: DeviceMeasurement): DeviceProfiles {
  const chains = measurement.map((depth) => depth.chains);
  const trees = measurement.flatMap((depth) => depth.trees ?? []);
  return {
    chains: profileOf(measurement, chains),
    trees: trees.length === 0 ? null : profileOf(measurement, trees),
  };
}

/** The mean over the depths, with every length between the measured ones. */
function profileOf(
  measurement: DeviceMeasurement,
  passes: readonly MeasuredPasses[],
): DeviceProfile {
  return {
    steadyMs: meanOf(passes.map(({ lengths, steadyMs }) => everyLength(lengths, steadyMs))),
    mixedMs: meanOf(passes.map(({ lengths, mixedMs }) => everyLength(lengths, mixedMs))),
    plainMs: mean(measurement.map((depth) => depth.plainMs)),
  };
}

/** `[n]` for every n to the longest; linear between neighbours, 0 at 0. */
function everyLength(lengths: readonly number[], values: readonly number[]): readonly number[] {
  const all = [0];
  for (const [index, length] of lengths.entries()) {
    const from = all.length - 1;
    const start = at(all, from);
    for (let n = from + 1; n <= length; n += 1) {
      all.push(start + ((at(values, index) - start) * (n - from)) / (length - from));
    }
  }
  return all;
}

function meanOf(rows: readonly (readonly number[])[]): readonly number[] {
  const longest = Math.min(...rows.map((row) => row.length));
  return Array.from({ length: longest }, (_, n) => mean(rows.map((row) => at(row, n))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
