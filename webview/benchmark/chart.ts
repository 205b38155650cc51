import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartConfiguration,
  type ChartDataset,
  type ChartOptions,
} from 'chart.js';
import { color } from 'chart.js/helpers';
import type { ChartView, SeriesView } from '../../extension/benchmark/view.ts';
import { intervals } from './intervals.ts';
import type { Theme } from './theme.ts';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

type Kind = 'bar' | 'line';
interface Point {
  readonly x: number;
  readonly y: number;
}
type Values = (number | null)[] | Point[];

/** Series differ by more than their colour. */
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
const POINTS = ['circle', 'rect', 'triangle', 'rectRot'] as const;
const FADES = [1, 0.65, 0.35];
const GRID_OPACITY = 0.25;
/** Room above the highest interval. */
const HEADROOM = 1.05;
const FONT_PX = 12;
const ANIMATION_MS = 250;

export function drawChart(canvas: HTMLCanvasElement, view: ChartView, theme: Theme): Chart {
  const configuration: ChartConfiguration<Kind, Values, string> = {
    type: view.kind === 'bars' ? 'bar' : 'line',
    data: {
      ...(view.x.kind === 'categories' && { labels: [...view.x.labels] }),
      datasets: view.series.map((each, index) =>
        view.kind === 'bars' ? bars(each, index, theme) : line(view, each, index, theme),
      ),
    },
    options: optionsOf(view, theme),
    plugins: [intervals(view, theme)],
  };
  return new Chart(canvas, configuration);
}

function bars(
  { name, values }: SeriesView,
  index: number,
  theme: Theme,
): ChartDataset<Kind, Values> {
  const colour = theme.series[0] ?? theme.foreground;
  return {
    label: name,
    data: [...values],
    backgroundColor: faded(colour, FADES[index] ?? 1),
    borderColor: theme.highContrast ? theme.foreground : colour,
    borderWidth: theme.highContrast ? 2 : 1,
    borderRadius: 2,
    maxBarThickness: 44,
  };
}

function line(
  { x }: ChartView,
  { name, values }: SeriesView,
  index: number,
  theme: Theme,
): ChartDataset<Kind, Values> {
  const colour = theme.series[index % theme.series.length] ?? theme.foreground;
  const at = x.kind === 'numbers' ? x.values : values.map((_, place) => place);
  return {
    type: 'line',
    label: name,
    data: values.flatMap((y, place) => (y === null ? [] : [{ x: at[place] ?? place, y }])),
    borderColor: colour,
    backgroundColor: colour,
    borderDash: DASHES[index % DASHES.length] ?? [],
    pointStyle: POINTS[index % POINTS.length] ?? 'circle',
    pointRadius: 4,
    borderWidth: 2,
  };
}

function optionsOf({ x, y, series, reference }: ChartView, theme: Theme): ChartOptions<Kind> {
  const font = { family: theme.font, size: FONT_PX };
  const title = (text: string) => ({ display: true, text, color: theme.muted, font });
  const ticks = { color: theme.foreground, font };
  const percent = y.percent
    ? { max: 1, ticks: { ...ticks, stepSize: 0.2, callback: asPercent } }
    : { ticks };
  const top = Math.max(0, ...series.flatMap(({ high = [] }) => high)) * HEADROOM;
  const dashed = reference === null ? '' : ` (dashed: ${reference.label})`;
  return {
    responsive: true,
    maintainAspectRatio: false,
    ...(theme.animate ? { animation: { duration: ANIMATION_MS } } : { animation: false as const }),
    scales: {
      x: {
        type: x.kind === 'categories' ? 'category' : 'linear',
        title: title(x.title),
        ticks: { ...ticks, ...(x.kind === 'numbers' && { precision: 0 }) },
        grid: { display: false },
        border: { color: theme.grid },
      },
      y: {
        type: 'linear',
        beginAtZero: true,
        ...(top > 0 && { suggestedMax: top }),
        title: title(y.title + dashed),
        grid: { color: faded(theme.grid, theme.highContrast ? 2 * GRID_OPACITY : GRID_OPACITY) },
        border: { color: theme.grid },
        ...percent,
      },
    },
    plugins: {
      legend: {
        display: series.length > 1,
        labels: { color: theme.foreground, font, usePointStyle: true, boxHeight: 7 },
      },
      tooltip: { bodyFont: font, titleFont: font },
    },
  };
}

function asPercent(value: number | string): string {
  return `${Math.round(100 * Number(value))} %`;
}

function faded(colour: string, opacity: number): string {
  return color(colour).alpha(opacity).rgbString();
}
