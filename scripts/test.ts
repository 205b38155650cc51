/**
 * `npm test [-- SUITE...]`: builds what the suites need and runs them, all by default. The last line
 * is "N passed, N failed"; logs, results and screenshots are in test-output/.
 */
import { buildBundles, buildNative } from './lib/build.ts';
import { installCodeServer, isCodeServerInstalled } from './lib/code-server/install.ts';
import { reportFailure, stage } from './lib/stages.ts';
import { CHROMIUM, ensureSystemPackages } from './lib/system-packages.ts';
import { summaryLine, type SuiteResult } from './testing/results.ts';
import { CHECKS, runCheck, runSuite, SUITES, type SuiteName } from './testing/suites.ts';
import { packageVsix } from './vsix/package-vsix.ts';

const EDITOR_SUITES: readonly SuiteName[] = ['host', 'e2e'];

async function test(suites: readonly SuiteName[], withChecks: boolean): Promise<SuiteResult[]> {
  const inEditor = suites.some((each) => EDITOR_SUITES.includes(each));
  if (suites.some((each) => each !== 'unit')) await buildNative();
  if (inEditor || suites.includes('engine')) await buildBundles();
  const env = inEditor ? { FORETOKEN_VSIX: await prepareEditor() } : {};

  const results: SuiteResult[] = [];
  for (const check of withChecks ? CHECKS : []) {
    results.push(await reported(check, () => runCheck(check)));
  }
  for (const suite of suites) results.push(await reported(suite, () => runSuite(suite, env)));
  return results;
}

/** @returns the VSIX to be tested. */
async function prepareEditor(): Promise<string> {
  const { file } = await stage('package', packageVsix);
  await ensureSystemPackages([CHROMIUM]);
  if (!isCodeServerInstalled()) await stage('code-server (VS Code)', installCodeServer);
  return file;
}

async function reported(name: string, work: () => Promise<SuiteResult>): Promise<SuiteResult> {
  const started = performance.now();
  const result = await work();
  const { passed, pending, failures } = result;
  const counts = [
    ...(passed > 0 ? [`${passed} passed`] : []),
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...(failures.length > 0 ? [`${failures.length} failed`] : []),
  ];
  const label = [name, counts.join(', ')].join('  ');
  const mark = failures.length === 0 ? '✓' : '✗';
  console.log(`${mark} ${label.padEnd(52)} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  for (const { title, detail } of failures) console.log(`\n  ${title}\n${indent(detail)}\n`);
  return result;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function parseSuites(args: readonly string[]): SuiteName[] {
  const unknown = args.filter((each) => !SUITES.some((suite) => suite === each));
  if (unknown.length > 0) {
    throw new Error(`No suite ${unknown.join(', ')}; there are ${SUITES.join(', ')}.`);
  }
  return SUITES.filter((each) => args.length === 0 || args.includes(each));
}

try {
  const args = process.argv.slice(2);
  const results = await test(parseSuites(args), args.length === 0);
  console.log(`\n${summaryLine(results)}`);
  if (results.some((each) => each.failures.length > 0)) process.exitCode = 1;
} catch (error) {
  reportFailure(error);
  console.log('\n0 passed, 1 failed');
}
