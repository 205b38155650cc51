import type { ListedModel } from '../engine/protocol.ts';

/** "0.5 B, Q8_0, ~0.5 GB" */
export function modelDescription(model: ListedModel): string {
  const parts = [
    model.parameters === null ? '' : `${model.parameters} B`,
    model.quantisation ?? '',
    `${model.sizeIsApproximate ? '~' : ''}${sizeText(model.sizeBytes)}`,
  ];
  return parts.filter((each) => each !== '').join(', ');
}

/** Licence, memory, and what the user should know before choosing it. */
export function modelDetail(model: ListedModel): string {
  const { licence, fillInMiddle, recommendation, note } = model;
  const parts = [
    licence === null ? 'licence unknown' : licenceText(licence),
    `${(model.memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`,
    fillInMiddle === 'prefix-only' ? 'ignores the text after the cursor' : '',
    recommendation ?? '',
    note?.replace(/\.$/, '') ?? '',
  ];
  return parts.filter((each) => each !== '').join(' · ');
}

/** Recommended ones first, then those on this machine, then by size. */
export function sortForChoice(models: readonly ListedModel[]): readonly ListedModel[] {
  const rank = ({ recommendation, installed }: ListedModel): number =>
    recommendation !== null ? 0 : installed ? 1 : 2;
  return models.toSorted((a, b) => rank(a) - rank(b) || a.sizeBytes - b.sizeBytes);
}

export function sizeText(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function licenceText({ name, terms }: NonNullable<ListedModel['licence']>): string {
  switch (terms) {
    case 'permissive':
      return name;
    case 'use-restrictions':
      return `${name} (some uses forbidden)`;
    case 'non-commercial':
      return `${name} (no commercial use)`;
  }
}
