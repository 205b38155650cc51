/** Runs one suite in a process of its own. Its output is kept in a file, its results are read. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureDirectory, root, testOutputDirectory } from '../lib/paths.ts';
import { exitCodeOf, tailOf } from '../lib/run.ts';
import { failedSuite, readSuiteResult, type SuiteResult } from './results.ts';

/** Logs are read as plain text. */
const NO_COLOURS = { FORCE_COLOR: '0' };

export const SUITES = ['unit', 'native', 'engine', 'host', 'e2e'] as const;
export type SuiteName = (typeof SUITES)[number];

export const CHECKS = ['typecheck', 'lint', 'format:check'] as const;
export type CheckName = (typeof CHECKS)[number];

export async function runSuite(name: SuiteName, env: NodeJS.ProcessEnv): Promise<SuiteResult> {
  const results = path.join(ensureDirectory(testOutputDirectory), `${name}.json`);
  const log = path.join(testOutputDirectory, `${name}.log`);
  rmSync(results, { force: true });
  rmSync(path.join(testOutputDirectory, name), { recursive: true, force: true });
  const code = await exitCodeOf(process.execPath, suiteCommand(name, results), {
    log,
    env: { ...process.env, ...NO_COLOURS, ...env, FORETOKEN_HOST_RESULTS: results },
  });
  const json = existsSync(results) ? readFileSync(results, 'utf8') : null;
  const result = readSuiteResult(name, json, code);
  if (json !== null) return result;
  return failedSuite(name, `${result.failures[0]?.detail ?? ''}\n${tailOf(log)}`);
}

/** The host suite runs inside the editor, which writes the results file itself. */
function suiteCommand(name: SuiteName, results: string): string[] {
  if (name === 'host') return ['--import', 'tsx', path.join(root, 'test', 'host', 'run.ts')];
  return [
    path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'),
    ...['--spec', `test/${name}/**/*.test.ts`],
    ...['--reporter', 'json', '--reporter-option', `output=${results}`],
  ];
}

export async function runCheck(name: CheckName): Promise<SuiteResult> {
  const log = path.join(ensureDirectory(testOutputDirectory), `${name.replace(':', '-')}.log`);
  const code = await exitCodeOf('npm', ['run', '--silent', name], {
    log,
    env: { ...process.env, ...NO_COLOURS },
  });
  if (code === 0) return { name, passed: 0, pending: 0, failures: [] };
  return failedSuite(name, tailOf(log));
}
