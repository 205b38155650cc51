import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { PageMessage, ShowMessage } from './messages.ts';
import { pageHtml } from './page-html.ts';
import type { BenchView } from './view.ts';

export const PANEL_TYPE = 'foretoken.benchmark';

/** The folders that the page may load from. */
function roots(extension: vscode.Uri): vscode.Uri[] {
  return [
    vscode.Uri.joinPath(extension, 'dist', 'webview'),
    vscode.Uri.joinPath(extension, 'media', 'benchmark'),
  ];
}

export function createPanel(extension: vscode.Uri): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(
    PANEL_TYPE,
    vscode.l10n.t('Foretoken Benchmark'),
    vscode.ViewColumn.Active,
    { enableScripts: true, localResourceRoots: roots(extension), enableFindWidget: true },
  );
}

/** A results page in a panel of the editor: shows what it is given and passes on what is clicked. */
export class ResultsPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly onDidDispose: vscode.Event<void>;

  constructor(
    panel: vscode.WebviewPanel,
    extension: vscode.Uri,
    onMessage: (message: PageMessage) => void,
  ) {
    this.#panel = panel;
    this.onDidDispose = panel.onDidDispose;
    panel.iconPath = vscode.Uri.joinPath(extension, 'media', 'icon.png');
    panel.webview.options = { enableScripts: true, localResourceRoots: roots(extension) };
    panel.webview.onDidReceiveMessage(onMessage);
    panel.webview.html = html(panel.webview, extension);
  }

  show(view: BenchView): void {
    const message: ShowMessage = { kind: 'show', view };
    void this.#panel.webview.postMessage(message);
  }

  reveal(): void {
    this.#panel.reveal();
  }
}

function html(webview: vscode.Webview, extension: vscode.Uri): string {
  const [scripts = extension, styles = extension] = roots(extension);
  const uriOf = (folder: vscode.Uri, file: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  return pageHtml({
    script: uriOf(scripts, 'benchmark.js'),
    style: uriOf(styles, 'benchmark.css'),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('base64'),
    language: vscode.env.language,
  });
}
