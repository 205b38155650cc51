import * as vscode from 'vscode';
import type { DownloadOutcome, ListedModel, ModelsReport } from '../engine/protocol.ts';
import type { EngineProcess } from './engine-process.ts';
import { modelDetail, modelDescription, sortForChoice } from './model-text.ts';

/** What the command needs of the engine. */
export type ModelSource = Pick<EngineProcess, 'models' | 'downloadModel'>;

interface ModelItem extends vscode.QuickPickItem {
  readonly choice: ListedModel | 'browse';
}

/**
 * "Select Model": the models of this machine and those that could be downloaded, what suits it
 * first. Whatever is chosen ends up in the user's settings; the engine follows them.
 *
 * @param name Takes this model without asking; for key bindings and tests.
 */
export async function selectModel(
  source: ModelSource,
  current: string | null,
  name?: string,
): Promise<void> {
  const outcome = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Looking for models') },
    () => source.models(),
  );
  if (outcome.kind === 'failed') {
    void vscode.window.showErrorMessage(outcome.error.message);
    return;
  }
  const { report } = outcome;
  const named = report.models.find((each) => each.name === name);
  const choice = named ?? (await choose(report, current));
  if (choice === undefined) return;
  if (choice === 'browse') await browse();
  else if (choice.installed || (await download(source, choice))) await use(choice);
}

async function choose(
  report: ModelsReport,
  current: string | null,
): Promise<ModelItem['choice'] | undefined> {
  const chosen = await vscode.window.showQuickPick(itemsFor(report, current), {
    title: vscode.l10n.t('Foretoken: Select Model'),
    placeHolder: vscode.l10n.t('A model for code completion'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.choice;
}

function itemsFor(report: ModelsReport, current: string | null): readonly ModelItem[] {
  const models = sortForChoice(report.models);
  const groups: readonly [title: string, models: readonly ListedModel[]][] = [
    [
      vscode.l10n.t('recommended for this machine'),
      models.filter((each) => each.recommendation !== null),
    ],
    [
      vscode.l10n.t('on this machine'),
      models.filter((each) => each.recommendation === null && each.installed),
    ],
    [
      vscode.l10n.t('to download'),
      models.filter((each) => each.recommendation === null && !each.installed),
    ],
  ];
  return [
    ...groups.flatMap(([title, members]) =>
      members.length === 0
        ? []
        : [separator(title), ...members.map((each) => itemOf(each, current))],
    ),
    separator(vscode.l10n.t('a file of your own')),
    {
      label: `$(folder-opened) ${vscode.l10n.t('Browse for a GGUF file…')}`,
      choice: 'browse',
      alwaysShow: true,
    },
  ];
}

function separator(label: string): ModelItem {
  return { label, kind: vscode.QuickPickItemKind.Separator, choice: 'browse' };
}

function itemOf(model: ListedModel, current: string | null): ModelItem {
  const used = current === null ? model.source === 'embedded' : isNamed(model, current);
  const icon = used ? 'check' : model.installed ? 'vm' : 'cloud-download';
  return {
    label: `$(${icon}) ${model.title}`,
    description: modelDescription(model),
    detail: modelDetail(model),
    choice: model,
    picked: used,
  };
}

function isNamed({ name, path }: ListedModel, setting: string): boolean {
  return setting === name || setting === path;
}

async function browse(): Promise<void> {
  const files = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Choose a GGUF model'),
    filters: { GGUF: ['gguf'] },
    canSelectMany: false,
  });
  const [file] = files ?? [];
  if (file !== undefined) await setModel(file.fsPath);
}

/** The embedded model is the default: choosing it takes the setting away. */
function use({ name, source }: ListedModel): Promise<void> {
  return setModel(source === 'embedded' ? undefined : name);
}

async function setModel(value: string | undefined): Promise<void> {
  const section = vscode.workspace.getConfiguration('foretoken');
  await section.update('model', value, vscode.ConfigurationTarget.Global);
}

/** Whether the model is there afterwards. */
async function download(source: ModelSource, model: ListedModel): Promise<boolean> {
  if (!(await acceptsLicence(model))) return false;
  const outcome = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Downloading {0}', model.title),
      cancellable: true,
    },
    (progress, token) => follow(source, model, progress, token),
  );
  if (outcome.kind === 'failed') void vscode.window.showErrorMessage(outcome.error.message);
  return outcome.kind === 'completed';
}

async function follow(
  source: ModelSource,
  model: ListedModel,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  token: vscode.CancellationToken,
): Promise<DownloadOutcome> {
  const controller = new AbortController();
  const listener = token.onCancellationRequested(() => {
    controller.abort();
  });
  let shown = 0;
  try {
    return await source.downloadModel(model.name, controller.signal, (now) => {
      if (now.totalBytes === null) return;
      const percent = (100 * now.doneBytes) / now.totalBytes;
      const verifying = now.phase === 'verifying' ? `${vscode.l10n.t('checking')} ` : '';
      progress.report({
        message: `${verifying}${Math.floor(percent)} %`,
        // The bar is full when everything has arrived; checking it is short.
        increment: now.phase === 'verifying' ? 0 : Math.max(0, percent - shown),
      });
      shown = Math.max(shown, percent);
    });
  } finally {
    listener.dispose();
  }
}

/** Permissive licences need no question. */
async function acceptsLicence({ title, licence }: ListedModel): Promise<boolean> {
  if (licence === null || licence.terms === 'permissive') return true;
  const detail =
    licence.terms === 'non-commercial'
      ? vscode.l10n.t('It does not allow commercial use.')
      : vscode.l10n.t('It forbids some uses. Read it on the page of the model.');
  const go = vscode.l10n.t('Download');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('{0} comes under this licence: {1}.', title, licence.name),
    { modal: true, detail },
    go,
  );
  return answer === go;
}
