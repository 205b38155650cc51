import assert from 'node:assert/strict';
import { failedSuite, readSuiteResult, summaryLine } from '../../../scripts/testing/results.ts';

const mocha = (passes: number, failed: readonly string[] = []): string =>
  JSON.stringify({
    stats: { passes, pending: 1 },
    failures: failed.map((fullTitle) => ({ fullTitle, err: { message: 'no' } })),
  });

describe('results of a suite', () => {
  const check = (json: string | null, exitCode: number, expected: [number, string[]]): void => {
    const { passed, failures } = readSuiteResult('unit', json, exitCode);
    assert.deepEqual([passed, failures.map((each) => each.detail)], expected);
  };

  it('are those of mocha', () => {
    check(mocha(3), 0, [3, []]);
    check(mocha(3, ['a', 'b']), 2, [3, ['no', 'no']]);
  });

  it('are a failure without a results file, or with a broken one', () => {
    check(null, 0, [0, ['no test results (exit code 0)']]);
    check('{"stats":', 0, [0, ['no test results (exit code 0)']]);
    check('{}', 1, [0, ['no test results (exit code 1)']]);
  });

  it('are a failure when no test was run', () => {
    check(mocha(0), 0, [0, ['no test was run']]);
  });

  it('are a failure when only the exit code is bad', () => {
    check(mocha(3), 7, [3, ['all tests passed, but the exit code was 7']]);
  });

  it('are summed up', () => {
    const suites = [readSuiteResult('a', mocha(3, ['x']), 1), failedSuite('lint', 'bad')];
    assert.equal(summaryLine(suites), '3 passed, 2 failed');
  });
});
