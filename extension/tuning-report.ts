import { keptText, tuningText } from '../engine/core/tuning/tuning-text.ts';
import type { EngineState, TuningResult } from '../engine/protocol.ts';
import { deviceText, modelText } from './figures.ts';

/** What was measured. */
export type TunedPlace = Pick<Extract<EngineState, { kind: 'ready' }>, 'model' | 'device'>;

/** All that a measurement found, as Markdown that is readable as it stands. */
export function tuningReport({ model, device }: TunedPlace, result: TuningResult): string {
  const depths = result.depths.map(({ contextTokens }) => contextTokens).join(' and ');
  const place = [
    `- Model: ${modelText(model)}`,
    `- Device: ${deviceText(device)}`,
    `- Measured behind ${depths} tokens of text`,
  ].join('\n');
  const parts = ['# Decoding on this device', place, keptText(result), tuningText(result)];
  return `${parts.join('\n\n')}\n`;
}
