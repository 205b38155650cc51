/** What a suite did, read from the results file that mocha wrote. Pure. */

export interface Failure {
  readonly title: string;
  readonly detail: string;
}

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly pending: number;
  readonly failures: readonly Failure[];
}

interface MochaTest {
  readonly fullTitle: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
}

interface MochaResults {
  readonly stats: { readonly passes: number; readonly pending: number };
  readonly failures: readonly MochaTest[];
}

/**
 * Results count only where they can be believed: a suite without results, without any test, or
 * that ended badly although no test failed, is a failure itself.
 *
 * @param json The results file; null where there is none.
 */
export function readSuiteResult(name: string, json: string | null, exitCode: number): SuiteResult {
  const results = parseResults(json);
  if (results === null) {
    return failedSuite(name, `no test results (exit code ${exitCode})`);
  }
  const { passes, pending } = results.stats;
  const failures = results.failures.map(describeFailure);
  if (passes + failures.length === 0) failures.push({ title: name, detail: 'no test was run' });
  if (exitCode !== 0 && failures.length === 0) {
    failures.push({ title: name, detail: `all tests passed, but the exit code was ${exitCode}` });
  }
  return { name, passed: passes, pending, failures };
}

/** For what is no mocha suite: a check or a build that went wrong. */
export function failedSuite(name: string, detail: string): SuiteResult {
  return { name, passed: 0, pending: 0, failures: [{ title: name, detail }] };
}

export function summaryLine(results: readonly SuiteResult[]): string {
  const passed = results.reduce((sum, each) => sum + each.passed, 0);
  const failed = results.reduce((sum, each) => sum + each.failures.length, 0);
  return `${passed} passed, ${failed} failed`;
}

function parseResults(json: string | null): MochaResults | null {
  if (json === null) return null;
  try {
    const parsed = JSON.parse(json) as Partial<MochaResults> | null;
    const complete = parsed?.stats !== undefined && Array.isArray(parsed.failures);
    return complete ? (parsed as MochaResults) : null;
  } catch {
    return null;
  }
}

function describeFailure(test: MochaTest): Failure {
  const detail = test.err?.stack ?? test.err?.message ?? 'failed without a message';
  return { title: test.fullTitle, detail };
}
