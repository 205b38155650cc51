import * as vscode from 'vscode';

export interface CommandActions {
  readonly explain: () => string;
  readonly restartEngine: () => Promise<unknown>;
  readonly selectModel: (name?: string) => Promise<unknown>;
  readonly trainPromptTokens: (steps?: number) => Promise<unknown>;
  readonly tuneDecoding: () => Promise<unknown>;
  readonly runBenchmark: (choice?: unknown) => Promise<unknown>;
  readonly showLog: () => void;
  readonly accepted: (text: string) => void;
}

export function registerCommands(actions: CommandActions): vscode.Disposable {
  const commands: Record<string, (...args: unknown[]) => unknown> = {
    'foretoken.trigger': trigger,
    'foretoken.toggle': toggle,
    'foretoken.toggleLanguage': toggleLanguage,
    'foretoken.explain': actions.explain,
    'foretoken.restartEngine': actions.restartEngine,
    'foretoken.selectModel': (name) =>
      actions.selectModel(typeof name === 'string' ? name : undefined),
    'foretoken.trainPromptTokens': (steps) =>
      actions.trainPromptTokens(typeof steps === 'number' ? steps : undefined),
    'foretoken.tuneDecoding': actions.tuneDecoding,
    'foretoken.runBenchmark': (choice) => actions.runBenchmark(choice),
    'foretoken.showLog': actions.showLog,
    'foretoken.accepted': (text) => {
      if (typeof text === 'string') actions.accepted(text);
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run)),
  );
}

/** The editor passes such a call on with the trigger kind "invoke". */
async function trigger(): Promise<void> {
  await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
}

async function toggle(): Promise<void> {
  const section = vscode.workspace.getConfiguration('foretoken');
  const known = section.inspect<boolean>('enabled');
  const target =
    known?.workspaceValue === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  await section.update('enabled', !section.get('enabled', true), target);
}

async function toggleLanguage(): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) return;
  const scope = { uri: document.uri, languageId: document.languageId };
  const section = vscode.workspace.getConfiguration('foretoken', scope);
  const known = section.inspect<boolean>('enabled');
  const target =
    known?.workspaceLanguageValue === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  await section.update('enabled', !section.get('enabled', true), target, true);
}
