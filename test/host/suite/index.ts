import Mocha from 'mocha';

/** One slow engine on shared cores; a test that needs longer than this hangs. */
const TEST_LIMIT_MS = 60_000;

/** The contract of @vscode/test-electron: runs the suite, rejects when a test failed. */
export async function run(): Promise<void> {
  const output = process.env['FORETOKEN_HOST_RESULTS'];
  if (output === undefined) throw new Error('FORETOKEN_HOST_RESULTS names no file.');
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: TEST_LIMIT_MS,
    reporter: 'json',
    reporterOptions: { output },
  });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await loadTests();
  const failures = await runMocha(mocha);
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}

/** In the order of what they build on: nothing works in an extension that does not start. */
async function loadTests(): Promise<void> {
  await import('./1-activation.test.ts');
  await import('./2-completion.test.ts');
  await import('./3-acceptance.test.ts');
  await import('./4-settings.test.ts');
  await import('./5-documents.test.ts');
  await import('./6-explanation.test.ts');
  await import('./7-engine-failures.test.ts');
  await import('./8-host-work.test.ts');
  await import('./9-models.test.ts');
  await import('./10-benchmark.test.ts');
  await import('./11-tuning.test.ts');
  await import('./12-neighbours.test.ts');
}

function runMocha(mocha: Mocha): Promise<number> {
  return new Promise((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => {
      console.log(`pass: ${test.fullTitle()} (${test.duration ?? 0} ms)`);
    });
    runner.on('fail', (test, error: Error) => {
      console.log(`FAIL: ${test.fullTitle()}: ${error.message}`);
    });
  });
}
