import type { DecodingModeSetting, EngineConfiguration } from '../../../engine/protocol.ts';
import { Foretoken } from '../foretoken.ts';
import { NodeLlamaCpp } from '../node-llama-cpp.ts';
import { LlamaServer, NGRAM_TYPES } from './llama-server.ts';
import type { Peer } from './rounds.ts';
import type { PeerName } from './summarise.ts';

export interface PeerOptions {
  readonly configuration: EngineConfiguration;
  readonly modes: readonly DecodingModeSetting[];
  /** Null: the contenders that want one are left out. */
  readonly draftModelPath: string | null;
  /** Path of the llama-server binary. */
  readonly serverBinary: string;
}

export interface StartedPeers {
  readonly peers: readonly Peer[];
  readonly names: readonly PeerName[];
  readonly ready: Foretoken['ready'];
  /** Process ids, for the memory they take; node-llama-cpp is in this process. */
  readonly pids: Readonly<Record<string, number | undefined>>;
}

/** Starts every contender with the model, threads and context of the first, which is ours. */
export async function startPeers(options: PeerOptions): Promise<StartedPeers> {
  const started: Peer[] = [];
  const add = async <T extends Peer>(peer: Promise<T>): Promise<T> => {
    started.push(await peer);
    return peer;
  };
  try {
    return await startAll(options, add);
  } catch (error) {
    for (const peer of started) await peer.dispose();
    throw error;
  }
}

async function startAll(
  { configuration, modes, draftModelPath, serverBinary }: PeerOptions,
  add: <T extends Peer>(peer: Promise<T>) => Promise<T>,
): Promise<StartedPeers> {
  const ours: Foretoken[] = [];
  for (const mode of modes) ours.push(await add(Foretoken.start(configuration, mode)));
  const first = ours[0];
  if (first === undefined) throw new Error('No mode of Foretoken is to be measured.');
  const shared = {
    modelPath: first.ready.model.path,
    threads: first.ready.device.threads,
    contextSize: first.ready.model.contextLength,
  };
  const drafts = draftModelPath === null ? [] : [{ draftModelPath }];
  const libraries: NodeLlamaCpp[] = [];
  for (const predictor of [undefined, 'lookup' as const, ...drafts]) {
    const start = NodeLlamaCpp.start({ ...shared, ...(predictor && { predictor }) });
    libraries.push(await add(start));
  }
  const servers: LlamaServer[] = [];
  for (const speculation of [undefined, ...NGRAM_TYPES, ...drafts]) {
    const more = { binary: serverBinary, ...(speculation && { speculation }) };
    servers.push(await add(LlamaServer.start({ ...shared, ...more })));
  }
  return {
    peers: [...ours, ...libraries, ...servers],
    names: [...family(ours, true), ...family(libraries, false), ...family(servers, false)],
    ready: first.ready,
    pids: Object.fromEntries([...ours, ...servers].map((each) => [each.name, each.pid])),
  };
}

/** The first of a family is its plain decoding. */
function family(members: readonly Peer[], ours: boolean): readonly PeerName[] {
  const plain = members[0]?.name ?? '';
  return members.map(({ name }) => ({ name, plain, ours }));
}
