import type { EngineInfo } from '../protocol.ts';
import { parse } from './arguments.ts';
import { orThrow, withEngine } from './with-engine.ts';

export async function runInfo(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { json: { type: 'boolean' } });
  const { info } = orThrow(await withEngine((client) => client.info()));
  console.log(values.json === true ? JSON.stringify(info) : describe(info));
}

function describe({ version, llamaCpp, device, models }: EngineInfo): string {
  const gib = (device.memoryBytes / 2 ** 30).toFixed(1);
  return [
    `Foretoken ${version}, llama.cpp ${llamaCpp}`,
    `${device.backend}: ${device.name}, ${gib} GiB, ${device.threads} threads`,
    ...models.map((each) => `${each.name}: ${(each.sizeBytes / 1e6).toFixed(1)} MB`),
  ].join('\n');
}
