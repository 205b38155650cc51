import { at } from './at.ts';

/**
 * Solves A x = b by Gaussian elimination with partial pivoting, for the few unknowns of a Markov
 * chain or a regression. A (row by row) and b are left alone. Throws where A is singular.
 */
export function linearSolve(
  matrix: readonly (readonly number[])[],
  right: readonly number[],
): Float64Array {
  const size = right.length;
  const rows = matrix.map((row, index) => Float64Array.of(...row, at(right, index)));
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(at(at(rows, row), column)) > Math.abs(at(at(rows, pivot), column))) pivot = row;
    }
    const top = at(rows, pivot);
    rows[pivot] = at(rows, column);
    rows[column] = top;
    const scale = at(top, column);
    if (scale === 0) throw new RangeError('The matrix is singular.');
    for (let row = column + 1; row < size; row += 1) {
      subtract(at(rows, row), top, at(at(rows, row), column) / scale, column);
    }
  }
  const solution = new Float64Array(size);
  for (let row = size - 1; row >= 0; row -= 1) {
    const left = at(rows, row);
    let value = at(left, size);
    for (let k = row + 1; k < size; k += 1) value -= at(left, k) * at(solution, k);
    solution[row] = value / at(left, row);
  }
  return solution;
}

function subtract(target: Float64Array, other: Float64Array, factor: number, from: number): void {
  for (let k = from; k < target.length; k += 1) target[k] = at(target, k) - factor * at(other, k);
}
