/** mocha hooks: a VS Code with the VSIX installed and a copy of the sample workspace, per file. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../scripts/lib/browser.ts';
import { keepLogs } from '../../scripts/lib/code-server/keep-logs.ts';
import { launchCodeServer, type CodeServer } from '../../scripts/lib/code-server/launch.ts';
import { sampleWorkspace, testOutputDirectory } from '../../scripts/lib/paths.ts';
import { copySampleWorkspace } from '../../scripts/lib/sample-workspace.ts';
import { Editor } from './editor.ts';

const TEST_LIMIT_MS = 60_000;
const START_LIMIT_MS = 120_000;
const OUTPUT = path.join(testOutputDirectory, 'e2e');

/** The editor's own suggestions would take the Tab key for themselves. */
const SETTINGS = {
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.wordBasedSuggestions': 'off',
  'editor.parameterHints.enabled': false,
};

/** @returns the editor, from the first test on. */
export function useEditor(): () => Editor {
  let editor: Editor | undefined;
  let server: CodeServer | undefined;
  let browser: Browser | undefined;
  let workspace = '';
  mkdirSync(OUTPUT, { recursive: true });

  before(async function () {
    this.timeout(START_LIMIT_MS);
    workspace = copySampleWorkspace();
    server = await launchCodeServer({
      folder: workspace,
      extensions: [vsixUnderTest()],
      settings: SETTINGS,
      args: ['--log', 'debug'],
    });
    browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(server.url);
    editor = new Editor(page, workspace, OUTPUT);
    await editor.statusItem.waitFor({ timeout: START_LIMIT_MS });
  });

  beforeEach(function () {
    this.currentTest?.timeout(TEST_LIMIT_MS);
  });

  afterEach(async function () {
    const test = this.currentTest;
    if (test === undefined || editor === undefined || server === undefined) return;
    const screenshot = await editor.capture(test.fullTitle());
    if (test.state === 'failed') {
      const logs = screenshot.replace(/\.png$/, '-logs');
      keepLogs(server, logs);
      console.log(`Screenshot: ${screenshot}\nLogs: ${logs}`);
    }
    await editor.closeAll();
    cpSync(sampleWorkspace, workspace, { recursive: true });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    if (workspace !== '') rmSync(path.dirname(workspace), { recursive: true, force: true });
  });

  return () => {
    if (editor === undefined) throw new Error('The editor is there in tests and hooks only.');
    return editor;
  };
}

function vsixUnderTest(): string {
  const file = process.env['FORETOKEN_VSIX'];
  if (file === undefined) {
    throw new Error('Run this through `npm run test:e2e`, which packs the VSIX first.');
  }
  return file;
}
