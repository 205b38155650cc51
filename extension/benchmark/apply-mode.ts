import * as vscode from 'vscode';

/** Sets the decoding mode for all workspaces, once the user has agreed. */
export async function applyMode(mode: string, reason: string): Promise<boolean> {
  const set = vscode.l10n.t('Set');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Set foretoken.mode to "{0}"?', mode),
    { modal: true, detail: vscode.l10n.t('{0} Completions stay the same in every mode.', reason) },
    set,
  );
  if (answer !== set) return false;
  const section = vscode.workspace.getConfiguration('foretoken');
  const { workspaceValue } = section.inspect<string>('mode') ?? {};
  const target =
    workspaceValue === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  // The default needs no entry of its own.
  await section.update('mode', mode === 'auto' ? undefined : mode, target);
  return true;
}
