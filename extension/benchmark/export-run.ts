import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { toMarkdown } from './markdown.ts';
import type { ExportFormat } from './messages.ts';
import { serialiseRun, type BenchRun } from './run-record.ts';
import type { BenchView } from './view.ts';

/** Asks where to, and writes the run there. */
export async function exportRun(
  run: BenchRun,
  view: BenchView,
  format: ExportFormat,
): Promise<void> {
  const extension = format === 'json' ? 'json' : 'md';
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export the benchmark'),
    defaultUri: vscode.Uri.joinPath(folder, `foretoken-benchmark-${run.id}.${extension}`),
    filters: format === 'json' ? { JSON: ['json'] } : { Markdown: ['md'] },
  });
  if (target === undefined) return;
  const text = format === 'json' ? serialiseRun(run) : toMarkdown(view);
  try {
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
    await vscode.window.showTextDocument(target, { preview: true });
  } catch {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('{0} cannot be written: choose another folder.', target.fsPath),
    );
  }
}

export async function copyMarkdown(view: BenchView): Promise<void> {
  await vscode.env.clipboard.writeText(toMarkdown(view));
  void vscode.window.setStatusBarMessage(
    vscode.l10n.t('The benchmark is in the clipboard, as Markdown.'),
    STATUS_MS,
  );
}

const STATUS_MS = 4000;
