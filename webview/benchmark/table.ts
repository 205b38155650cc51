import type { TableView } from '../../extension/benchmark/view.ts';
import { el } from './dom.ts';

/** A table with its caption. Wide ones scroll by themselves, with the keyboard too. */
export function table(view: TableView): HTMLElement {
  const { caption, columns, rows, note } = view;
  const head = columns.map(({ title, numeric }) =>
    el('th', { scope: 'col', ...numericClass(numeric) }, title),
  );
  const body = rows.map((row) =>
    el('tr', {}, ...row.map((text, index) => cell(text, index, columns[index]?.numeric === true))),
  );
  const element = el(
    'table',
    {},
    el('caption', {}, caption),
    el('thead', {}, el('tr', {}, ...head)),
    el('tbody', {}, ...body),
  );
  const frame = { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' };
  const footer = note === undefined ? [] : [el('p', { class: 'note' }, note)];
  return el('div', {}, el('div', frame, element), ...footer);
}

function cell(text: string, index: number, numeric: boolean): HTMLTableCellElement {
  if (index === 0) return el('th', { scope: 'row', ...numericClass(numeric) }, text);
  return el('td', isHash(text) ? { class: 'hash' } : numericClass(numeric), text);
}

function numericClass(numeric: boolean): Readonly<Record<string, string>> {
  return numeric ? { class: 'numeric' } : {};
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
