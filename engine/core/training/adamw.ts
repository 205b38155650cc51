import { at } from '../tree/at.ts';

/** Parameters and Adam's running means. All three arrays have one element for each parameter. */
export interface AdamState {
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Steps taken. */
  readonly steps: number;
}

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

export function startAdam(parameters: Float32Array): AdamState {
  const zeros = (): Float32Array => new Float32Array(parameters.length);
  return { parameters, firstMoment: zeros(), secondMoment: zeros(), steps: 0 };
}

/**
 * One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101) without weight decay, as in PPD's
 * training: prompt tokens are too few to overfit, and nothing draws an embedding towards 0.
 */
export function adamStep(state: AdamState, gradient: Float32Array, learningRate: number): AdamState {
  const steps = state.steps + 1;
  const correction1 = 1 - BETA_1 ** steps;
  const correction2 = 1 - BETA_2 ** steps;
  const firstMoment = state.firstMoment.map((m, i) => BETA_1 * m + (1 - BETA_1) * at(gradient, i));
  const secondMoment = state.secondMoment.map(
    (v, i) => BETA_2 * v + (1 - BETA_2) * at(gradient, i) ** 2,
  );
  const parameters = state.parameters.map((value, i) => {
    const scale = Math.sqrt(at(secondMoment, i) / correction2) + EPSILON;
    return value - (learningRate * (at(firstMoment, i) / correction1)) / scale;
  });
  return { parameters, firstMoment, secondMoment, steps };
}

/** The gradient, shortened to a Euclidean length of at most `most`. */
export function clipped(gradient: Float32Array, most: number): Float32Array {
  const length = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
  return length > most ? gradient.map((value) => (value * most) / length) : gradient;
}

/**
 * Cosine from `highest` to 0, without warm-up.
 *
 * @param progress Share of the training that is done, 0..1.
 */
export function cosineRate(highest: number, progress: number): number {
  return (highest / 2) * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, progress))));
}
