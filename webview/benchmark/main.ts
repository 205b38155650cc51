/** The benchmark's results page. It shows views that the extension sends, and computes nothing. */
import type { Chart } from 'chart.js';
import type { ShowMessage } from '../../extension/benchmark/messages.ts';
import type { BenchView } from '../../extension/benchmark/view.ts';
import { drawChart } from './chart.ts';
import { keep, post } from './host.ts';
import { buildPage, type Page } from './page.ts';
import { onThemeChange, readTheme } from './theme.ts';

let canvases: Page['canvases'] = [];
let charts: readonly Chart[] = [];

function show(view: BenchView): void {
  const main = document.getElementById('page');
  if (main === null) return;
  const focused = focusPlace();
  const page = buildPage(view);
  main.replaceChildren(page.root);
  main.removeAttribute('aria-busy');
  canvases = page.canvases;
  draw();
  if (focused !== null) document.querySelectorAll<HTMLElement>(CONTROLS)[focused]?.focus();
  keep({ runId: view.runId, comparedId: view.comparison?.runId ?? null });
}

function draw(): void {
  for (const chart of charts) chart.destroy();
  const theme = readTheme();
  charts = canvases.map(({ canvas, view }) => drawChart(canvas, view, theme));
}

const CONTROLS = 'button, select';

/** A new view must not take the keyboard's place away. */
function focusPlace(): number | null {
  const place = [...document.querySelectorAll(CONTROLS)].indexOf(
    document.activeElement ?? document.body,
  );
  return place < 0 ? null : place;
}

// The extension sends nothing else.
window.addEventListener('message', ({ data }: MessageEvent<ShowMessage>) => {
  show(data.view);
});
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  post({ kind: 'violation', text: `${violatedDirective} ${blockedURI}` });
});
onThemeChange(draw);
post({ kind: 'ready' });
