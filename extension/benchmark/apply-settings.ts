import * as vscode from 'vscode';
import type { AppliedSettings } from './best-setting.ts';

/** Writes settings where they are set, or else for all workspaces, once the user has agreed. */
export async function applySettings(settings: AppliedSettings, reason: string): Promise<boolean> {
  const set = vscode.l10n.t('Set');
  const entries = Object.entries(settings);
  const list = entries.map(([name, value]) => `foretoken.${name}: ${JSON.stringify(value)}`);
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Apply the best setting of this benchmark?'),
    {
      modal: true,
      detail: vscode.l10n.t(
        '{0} Completions stay the same in every mode. Settings: {1}',
        reason,
        list.join(', '),
      ),
    },
    set,
  );
  if (answer !== set) return false;
  for (const [name, value] of entries) await write(name, value);
  return true;
}

async function write(name: string, value: unknown): Promise<void> {
  const section = vscode.workspace.getConfiguration('foretoken');
  const { workspaceValue, defaultValue } = section.inspect(name) ?? {};
  if (workspaceValue !== undefined) {
    await section.update(name, value, vscode.ConfigurationTarget.Workspace);
  } else {
    // The default needs no entry of its own.
    const entry = value === defaultValue ? undefined : value;
    await section.update(name, entry, vscode.ConfigurationTarget.Global);
  }
}
