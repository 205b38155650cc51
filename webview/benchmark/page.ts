import type { BenchView, ChartView, ComparisonView } from '../../extension/benchmark/view.ts';
import { button, el, select } from './dom.ts';
import { post } from './host.ts';
import { table } from './table.ts';

export interface Page {
  readonly root: DocumentFragment;
  /** Where each chart is to be drawn. */
  readonly canvases: readonly { readonly canvas: HTMLCanvasElement; readonly view: ChartView }[];
}

/** The whole page for a view; charts are drawn once it is in the document. */
export function buildPage(view: BenchView): Page {
  const canvases = view.charts.map((chart) => ({ view: chart, canvas: canvasOf(chart) }));
  const root = document.createDocumentFragment();
  root.append(
    header(view),
    actions(view),
    section('Summary', table(view.summary)),
    history(view),
    section('Charts', el('div', { class: 'charts' }, ...canvases.map(figure))),
    section('Details', ...view.details.map(table)),
  );
  return { root, canvases };
}

function section(title: string, ...children: readonly Node[]): HTMLElement {
  return el('section', { 'aria-label': title }, el('h2', {}, title), ...children);
}

function header({ title, headline, lossless, facts }: BenchView): HTMLElement {
  const list = facts.flatMap(({ name, value }) => [el('dt', {}, name), el('dd', {}, value)]);
  const mark = el('span', { class: 'mark', 'aria-hidden': 'true' }, lossless.ok ? '✓' : '!');
  return el(
    'header',
    {},
    el('h1', {}, title),
    el('p', { class: 'headline' }, headline),
    el('p', { class: lossless.ok ? 'lossless ok' : 'lossless parted' }, mark, lossless.text),
    el('dl', { class: 'facts' }, ...list),
  );
}

function actions({ best }: BenchView): HTMLElement {
  const { action, text } = best;
  const apply =
    action === null
      ? []
      : [
          button(
            action,
            () => {
              post({ kind: 'apply' });
            },
            'primary',
          ),
        ];
  return el(
    'section',
    { class: 'actions', 'aria-label': 'Actions' },
    el('p', { class: 'best' }, text),
    el(
      'div',
      { class: 'buttons' },
      ...apply,
      button('Run Again', () => {
        post({ kind: 'runAgain' });
      }),
      button('Export JSON', () => {
        post({ kind: 'export', format: 'json' });
      }),
      button('Export Markdown', () => {
        post({ kind: 'export', format: 'markdown' });
      }),
      button('Copy Markdown', () => {
        post({ kind: 'copy' });
      }),
    ),
  );
}

function history({ runs, runId, comparison }: BenchView): HTMLElement {
  const choices = runs.map(({ id, label }) => ({ value: id, label }));
  const others = choices.filter(({ value }) => value !== runId);
  const none = { value: '', label: 'No other run' };
  const lists = el(
    'div',
    { class: 'choices' },
    select('Run', choices, runId, (id) => {
      post({ kind: 'select', runId: id });
    }),
    select('Compare with', [none, ...others], comparison?.runId ?? '', (id) => {
      post({ kind: 'compare', runId: id === '' ? null : id });
    }),
  );
  return section('History', lists, ...(comparison === null ? [] : comparisonOf(comparison)));
}

function comparisonOf({ table: view, warnings }: ComparisonView): readonly Node[] {
  const notes = warnings.map((each) => el('li', {}, each));
  return [...(notes.length > 0 ? [el('ul', { class: 'warnings' }, ...notes)] : []), table(view)];
}

function canvasOf({ description }: ChartView): HTMLCanvasElement {
  return el('canvas', { role: 'img', 'aria-label': description }, description);
}

function figure({ canvas, view }: Page['canvases'][number]): HTMLElement {
  const details = el('details', {}, el('summary', {}, 'As a table'), table(view.table));
  return el(
    'figure',
    {},
    el('figcaption', {}, view.title),
    el('div', { class: 'canvas' }, canvas),
    details,
  );
}
