/** The workbench in a browser page, in a user's terms: open, type, see, save. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';

/** Between two keys: a quick typist. */
const KEY_DELAY_MS = 60;
const WAIT_LIMIT_MS = 20_000;
/** What a person would wait for a completion before typing on. */
const PAUSE_LIMIT_MS = 3_000;
const POLL_MS = 50;

/** Decorations are drawn by CSS behind a span; this runs inside the page. */
const DECORATIONS_BEHIND_LINES = `
  [...document.querySelectorAll('.view-lines .view-line span')]
    .map((span) => getComputedStyle(span, '::after').content)
    .filter((content) => content.startsWith('"'))
    .map((content) => JSON.parse(content))
    .join('')
    .trim()`;

export interface Cursor {
  readonly line: number;
  readonly column: number;
}

export class Editor {
  readonly page: Page;
  readonly #folder: string;
  readonly #output: string;

  /** @param output Folder for screenshots. */
  constructor(page: Page, folder: string, output: string) {
    this.page = page;
    this.#folder = folder;
    this.#output = output;
  }

  get statusItem(): Locator {
    return this.page.locator('.statusbar-item[id$="foretoken.status"]');
  }

  async open(file: string): Promise<void> {
    await this.page.keyboard.press('Control+p');
    await this.#answerQuickInput(file);
    await this.#activeTab(file).waitFor();
    await this.page.locator('.monaco-editor .view-line').first().waitFor();
  }

  /** Line and column count from 1. */
  async goTo(line: number, column: number): Promise<void> {
    await this.page.keyboard.press('Control+g');
    await this.#answerQuickInput(`${line}:${column}`, { replace: false });
    await this.page
      .locator('.statusbar-item', { hasText: `Ln ${line}, Col ${column}` })
      .waitFor({ timeout: WAIT_LIMIT_MS });
  }

  /** Key by key; "\n" is the Enter key. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: KEY_DELAY_MS });
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.#answerQuickInput(`>${title}`);
  }

  /** Ghost text as the user sees it; empty when there is none. */
  async ghostText(): Promise<string> {
    const behindCursor = this.page.locator('.view-lines [class*=ghost-text]').allTextContents();
    const nextLines = this.page.locator('.suggest-preview-text .view-line').allTextContents();
    const lines = [(await behindCursor).join(''), ...(await nextLines)];
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }

  /** Types one part after the other until there is ghost text, and returns it. */
  async typeUntilGhostText(parts: readonly string[]): Promise<string> {
    for (const part of parts) {
      await this.type(part);
      if (await this.happens(async () => (await this.ghostText()) !== '')) {
        return this.settledGhostText();
      }
    }
    throw new Error(`No ghost text after typing ${JSON.stringify(parts.join(''))}.`);
  }

  /** Ghost text that stays as it is for a while. */
  async settledGhostText(): Promise<string> {
    let text = await this.ghostText();
    await this.until('ghost text that stays', async () => {
      const before = text;
      await this.page.waitForTimeout(4 * POLL_MS);
      text = await this.ghostText();
      return text !== '' && text === before;
    });
    return text;
  }

  /** Accepts the ghost text with Tab; it is in the document when the cursor has moved. */
  async accept(): Promise<void> {
    const before = await this.cursor();
    await this.press('Tab');
    await this.until('accepted completion', async () => !sameCursor(await this.cursor(), before));
  }

  async waitForNoGhostText(): Promise<void> {
    await this.until('no ghost text', async () => (await this.ghostText()) === '');
  }

  /** Figures behind the line, such as "84 ms, 61 tok/s"; empty when there are none. */
  inlineFigures(): Promise<string> {
    return this.page.evaluate<string>(DECORATIONS_BEHIND_LINES);
  }

  /**
   * Saves and reads the file back from the disk. The tab is no help: it calls a file clean that is
   * still being written. Even an unchanged file is touched.
   */
  async save(file: string): Promise<string> {
    const target = path.join(this.#folder, file);
    const { mtimeMs } = statSync(target);
    await this.page.keyboard.press('Control+s');
    await this.until('saved file', () => Promise.resolve(statSync(target).mtimeMs > mtimeMs));
    let text = '';
    await this.until('file that is written to its end', async () => {
      const before = text;
      await this.page.waitForTimeout(POLL_MS);
      text = readFileSync(target, 'utf8');
      return text !== '' && text === before;
    });
    return text;
  }

  /** Closes all tabs; what was not saved is given up. */
  async closeAll(): Promise<void> {
    const tabs = this.page.locator('.tabs-container .tab');
    await this.page.keyboard.press('Escape');
    for (let left = await tabs.count(); left > 0; left = await tabs.count()) {
      await this.runCommand('View: Revert and Close Editor');
      await this.until('closed tab', async () => (await tabs.count()) < left);
    }
  }

  /** Line and column of the cursor, from 1. */
  async cursor(): Promise<Cursor> {
    const text = await this.page.locator('.statusbar-item', { hasText: /Ln \d+/ }).innerText();
    const [line = 0, column = 0] = [...text.matchAll(/\d+/g)].map(Number);
    return { line, column };
  }

  /** Keeps a screenshot and returns its path. */
  async capture(name: string): Promise<string> {
    const file = path.join(this.#output, `${name.replaceAll(/\W+/g, '-').toLowerCase()}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    if (!(await this.happens(condition, WAIT_LIMIT_MS))) {
      throw new Error(`Waited in vain for: ${what}.`);
    }
  }

  /** Whether the condition comes true within the limit; returns as soon as it does. */
  async happens(condition: () => Promise<boolean>, limitMs = PAUSE_LIMIT_MS): Promise<boolean> {
    const limit = performance.now() + limitMs;
    while (!(await condition())) {
      if (performance.now() > limit) return false;
      await this.page.waitForTimeout(POLL_MS);
    }
    return true;
  }

  #activeTab(file: string): Locator {
    return this.page.locator(`.tab.active[data-resource-name="${file}"]`);
  }

  async #answerQuickInput(answer: string, { replace = true } = {}): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type="text"]');
    await input.waitFor({ state: 'visible' });
    if (replace) await input.fill(answer);
    else await input.pressSequentially(answer);
    if (replace) await this.#waitForPick(answer.replace(/^>/, ''));
    await this.page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
  }

  async #waitForPick(label: string): Promise<void> {
    await this.page
      .locator('.quick-input-list .monaco-list-row.focused', { hasText: label })
      .waitFor({ timeout: WAIT_LIMIT_MS });
  }
}

function sameCursor(a: Cursor, b: Cursor): boolean {
  return a.line === b.line && a.column === b.column;
}
