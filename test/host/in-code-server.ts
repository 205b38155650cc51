/** The route through code-server: the workbench in a browser, the extension host in Node. */
import path from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../../scripts/lib/browser.ts';
import { launchCodeServer, type CodeServer } from '../../scripts/lib/code-server/launch.ts';
import { keepLogs } from '../../scripts/lib/code-server/keep-logs.ts';
import { testOutputDirectory } from '../../scripts/lib/paths.ts';
import type { HostRun } from './run.ts';

const RUN_LIMIT_MS = 5 * 60_000;

export async function runInCodeServer(request: HostRun): Promise<number> {
  const server = await launchCodeServer({
    folder: request.workspace,
    extensions: [request.vsix],
    env: request.env,
    // Without it the workbench silently ignores the tests it is asked to run.
    args: ['--vscode-option', 'enable-smoke-test-driver'],
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    return await runTestsIn(page, testUrl(server, request));
  } finally {
    await browser.close();
    keepLogs(server, path.join(testOutputDirectory, 'host', 'logs'));
    await server.stop();
  }
}

/** The workbench reports through two functions that it expects to find in its page. */
async function runTestsIn(page: Page, url: string): Promise<number> {
  let finish: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (finish = resolve));
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    console.log(`[${type}]`, ...args);
  });
  await page.exposeFunction('codeAutomationExit', (code: number) => {
    finish(code);
  });
  await page.goto(url);
  const timer = setTimeout(() => {
    console.error(`The suite did not end within ${RUN_LIMIT_MS / 1000} s.`);
    finish(1);
  }, RUN_LIMIT_MS);
  return ended.finally(() => {
    clearTimeout(timer);
  });
}

function testUrl(server: CodeServer, { testExtension, suite }: HostRun): string {
  const remote = (file: string): string => `vscode-remote://127.0.0.1:${server.port}${file}`;
  const payload = [
    ['extensionDevelopmentPath', remote(testExtension)],
    ['extensionTestsPath', remote(suite)],
  ];
  return `${server.url}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}
