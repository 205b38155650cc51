import type { Chart, Plugin } from 'chart.js';
import type { ChartView } from '../../extension/benchmark/view.ts';
import type { Theme } from './theme.ts';

const CAP_PX = 5;
const LINE_PX = 1.5;

/** Draws what Chart.js has no shape for: the intervals of bars, and a line across the chart. */
export function intervals({ series, reference }: ChartView, theme: Theme): Plugin {
  return {
    id: 'foretoken-intervals',
    afterDatasetsDraw: (chart) => {
      const { ctx } = chart;
      ctx.save();
      ctx.strokeStyle = theme.foreground;
      ctx.lineWidth = LINE_PX;
      for (const [index, { low = [], high = [] }] of series.entries()) {
        for (const [bar, element] of chart.getDatasetMeta(index).data.entries()) {
          whisker(chart, element.x, low[bar], high[bar]);
        }
      }
      if (reference !== null) lineAcross(chart, reference.value);
      ctx.restore();
    },
  };
}

function whisker(
  { ctx, scales }: Chart,
  x: number,
  low: number | undefined,
  high: number | undefined,
): void {
  const scale = scales['y'];
  if (scale === undefined || low === undefined || high === undefined || low === high) return;
  const [bottom, top] = [scale.getPixelForValue(low), scale.getPixelForValue(high)];
  ctx.beginPath();
  ctx.moveTo(x, bottom);
  ctx.lineTo(x, top);
  for (const y of [bottom, top]) {
    ctx.moveTo(x - CAP_PX, y);
    ctx.lineTo(x + CAP_PX, y);
  }
  ctx.stroke();
}

function lineAcross({ ctx, chartArea, scales }: Chart, value: number): void {
  const y = scales['y']?.getPixelForValue(value);
  if (y === undefined) return;
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(chartArea.left, y);
  ctx.lineTo(chartArea.right, y);
  ctx.stroke();
}
