import type { DownloadProgress, ListedModel, ModelsReport } from '../protocol.ts';
import { parse, UsageError } from './arguments.ts';
import { orThrow, withEngine } from './with-engine.ts';

/** `models`: what there is to choose from; `models download NAME`: one of them, fetched. */
export async function runModels(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } });
  const [action, name, ...rest] = positionals;
  if (action === undefined) {
    const { report } = orThrow(await withEngine((client) => client.models()));
    console.log(values.json === true ? JSON.stringify(report) : describe(report));
    return;
  }
  if (action !== 'download' || name === undefined || rest.length > 0) {
    throw new UsageError('models takes nothing, or download and one name: models download NAME.');
  }
  await download(name, values.json === true);
}

async function download(name: string, json: boolean): Promise<void> {
  const interrupt = new AbortController();
  // The first Ctrl+C keeps what has arrived; the second ends the process as usual.
  process.once('SIGINT', () => {
    interrupt.abort();
  });
  const outcome = orThrow(
    await withEngine((client) => client.downloadModel(name, interrupt.signal, showProgress)),
  );
  if (outcome.kind === 'cancelled') {
    throw new UsageError(
      `Cancelled. To go on from where it stopped: foretoken models download ${name}`,
    );
  }
  const { model, verifiedBy } = outcome;
  console.log(
    json
      ? JSON.stringify({ model, verifiedBy })
      : `${model.name}: ${model.path} (${size(model.sizeBytes)}, checked by ${verifiedBy})`,
  );
}

function showProgress({ phase, doneBytes, totalBytes }: DownloadProgress): void {
  if (!process.stderr.isTTY) return;
  const total = totalBytes === null ? '' : ` of ${size(totalBytes)}`;
  process.stderr.write(`\r\u001b[K${phase} ${size(doneBytes)}${total}`);
  if (doneBytes === totalBytes) process.stderr.write('\n');
}

function describe({ models, folder, device }: ModelsReport): string {
  const rows = [
    ['', 'name', 'file', 'memory', '', 'fill-in', 'licence'],
    ...models.map((each) => [
      each.recommendation === null ? '' : '*',
      each.name,
      (each.sizeIsApproximate ? '~' : '') + size(each.sizeBytes),
      `${(each.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
      stateOf(each),
      each.fillInMiddle,
      licenceOf(each),
    ]),
  ];
  const reasons = models.flatMap(({ name, recommendation }) =>
    recommendation === null ? [] : [`* ${name}: ${recommendation}.`],
  );
  return [...table(rows), '', ...reasons, `Device: ${device.name}. Folder: ${folder}`].join('\n');
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function stateOf({ source, installed }: ListedModel): string {
  if (source === 'embedded') return 'embedded';
  return installed ? 'installed' : 'download';
}

function licenceOf({ licence }: ListedModel): string {
  if (licence === null) return 'licence unknown';
  return licence.terms === 'permissive' ? licence.name : `${licence.name} (${licence.terms})`;
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
