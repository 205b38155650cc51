import type { TokenRow } from '../decode/decoder.ts';
import { softmaxOf } from './accept.ts';
import { at } from './at.ts';
import { linearSolve } from './linear-solve.ts';

/**
 * How likely a guess of this very context is right, from how sure its prompt token is of it. Prompt
 * tokens are overconfident, the more so the farther they look, hence one logistic regression for
 * each distance:
 *
 *     P(right) = 1 / (1 + exp(-(w0 + w1 log(p / (1 - p)) + w2 log(1 + rank))))
 *
 * with p the softmax over the row's candidates. Log-odds rather than the log-probability of ppd.md
 * section 7, so that (0, 1, 0) takes the softmax at its word.
 */
export interface Calibration {
  /** `[d - 1]`: w0, w1, w2. */
  readonly weights: readonly (readonly [number, number, number])[];
}

/** One guess whose truth has become known. */
export interface CalibrationSample {
  /** From 1. */
  readonly distance: number;
  /** log(p / (1 - p)) of the softmax probability. */
  readonly logOdds: number;
  /** From 0. */
  readonly rank: number;
  readonly hit: boolean;
}

const NEWTON_STEPS = 25;

/** Pulls the weights towards (0, 1, 0). */
const RIDGE = 0.5;

/** What each guess of a step came to. A distance whose token is not known yet gives nothing. */
export function calibrationSamples(
  guesses: readonly TokenRow[],
  tokens: readonly number[],
  ranks: number,
): readonly CalibrationSample[] {
  return guesses.slice(0, tokens.length).flatMap((row, index) => {
    const { chances } = softmaxOf(row);
    return Array.from(row.ids.subarray(0, ranks), (id, rank) => ({
      distance: index + 1,
      logOdds: logOdds(at(chances, rank)),
      rank,
      hit: id === tokens[index],
    }));
  });
}

/** Fits by Newton's method; the log-likelihood with its ridge is concave, so it converges. */
export function fitCalibration(
  samples: readonly CalibrationSample[],
  distances: number,
): Calibration {
  const weights = Array.from({ length: distances }, (_, index) =>
    fitLogistic(samples.filter((sample) => sample.distance === index + 1)),
  );
  return { weights };
}

/** Chances of the first `ranks` candidates of the row at a distance; they add up to 1 at most. */
export function calibratedChances(
  { weights }: Calibration,
  distance: number,
  row: TokenRow,
  ranks: number,
): readonly number[] {
  const weight = weights[distance - 1];
  if (weight === undefined) return [];
  const { chances } = softmaxOf(row);
  const calibrated = Array.from(chances.subarray(0, ranks), (p, rank) =>
    logistic(weight, features(logOdds(p), rank)),
  );
  const sum = calibrated.reduce((total, p) => total + p, 0);
  return sum > 1 ? calibrated.map((p) => p / sum) : calibrated;
}

type Triple = readonly [number, number, number];

function fitLogistic(samples: readonly CalibrationSample[]): Triple {
  let weights: Triple = [0, 1, 0];
  for (let step = 0; step < NEWTON_STEPS; step += 1) {
    const gradient = [-RIDGE * weights[0], -RIDGE * (weights[1] - 1), -RIDGE * weights[2]];
    const hessian = [0, 1, 2].map((i) => [0, 1, 2].map((j) => Number(i === j) * RIDGE));
    for (const { logOdds: odds, rank, hit } of samples) {
      const x = features(odds, rank);
      const p = logistic(weights, x);
      x.forEach((value, i) => {
        gradient[i] = at(gradient, i) + (Number(hit) - p) * value;
        const row = at(hessian, i);
        x.forEach((other, j) => {
          row[j] = at(row, j) + p * (1 - p) * value * other;
        });
      });
    }
    const move = linearSolve(hessian, gradient);
    // A full Newton step may overshoot where the data are nearly separable.
    const scale = Math.min(1, 4 / Math.max(...move.map(Math.abs)));
    weights = [
      weights[0] + scale * at(move, 0),
      weights[1] + scale * at(move, 1),
      weights[2] + scale * at(move, 2),
    ];
  }
  return weights;
}

function features(odds: number, rank: number): Triple {
  return [1, odds, Math.log(1 + rank)];
}

/** Cut off where a float softmax says no more. */
function logOdds(p: number): number {
  return Math.min(20, Math.max(-20, Math.log(p / (1 - p))));
}

function logistic(weights: Triple, x: Triple): number {
  return 1 / (1 + Math.exp(-(weights[0] * x[0] + weights[1] * x[1] + weights[2] * x[2])));
}
