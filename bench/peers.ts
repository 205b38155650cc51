/**
 * `npm run bench:peers`: Foretoken beside node-llama-cpp (plain, prompt lookup, draft model) and
 * llama-server (plain, its n-gram kinds, draft model): the same GGUF file, prompts, threads, context
 * and machine. All take turns at every single request, and write equally many tokens to each.
 *
 * Each is asked as its users ask it: Foretoken's engine process over its protocol, node-llama-cpp in
 * this process, llama-server over HTTP on a connection that stays open. Put together differently by
 * each, the prompts lead to different texts; within a family they have to be the same.
 *
 *   --runs N        how often each request is measured (3)
 *   --stride N      type every N-th line of the samples (5)
 *   --modes a,b     modes of Foretoken, plain first (plain,auto; with a draft model draft, too)
 *   --draft FILE    draft model (models/foretoken-code-6m-draft.Q8_0.gguf)
 *   --model FILE    instead of the embedded model
 *   --server FILE   a llama-server that is built already
 *   --out FILE      where the results go (bench/results/peers.json)
 *   --table         print the results there are, measure nothing
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseMode } from '../engine/cli/arguments.ts';
import { DEFAULT_CONFIGURATION } from '../engine/protocol.ts';
import type { CompletionTask } from './lib/contender.ts';
import { describeMachine, residentMiB } from './lib/machine.ts';
import { buildLlamaServer } from './lib/peers/build-llama-server.ts';
import { forgetAnswers, takeTurns, warmUp, type Turn } from './lib/peers/rounds.ts';
import { startPeers, type StartedPeers } from './lib/peers/start-peers.ts';
import { summarise, type ScenarioSummary } from './lib/peers/summarise.ts';
import { peerTable } from './lib/peers/table.ts';
import { keystrokes, openings } from './lib/texts.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    stride: { type: 'string', default: '5' },
    modes: { type: 'string' },
    draft: {
      type: 'string',
      default: path.join(ROOT, 'models', 'foretoken-code-6m-draft.Q8_0.gguf'),
    },
    model: { type: 'string' },
    server: { type: 'string' },
    out: { type: 'string', default: path.join(ROOT, 'bench', 'results', 'peers.json') },
    table: { type: 'boolean', default: false },
  },
});

/** The engine measures its device when it is idle; nothing of that may fall into the runs. */
const SETTLE_MS = 3_000;

interface Scenario {
  readonly name: string;
  readonly tasks: readonly CompletionTask[];
}

function scenarios(): readonly Scenario[] {
  return [
    { name: 'typing', tasks: keystrokes(Number(values.stride), 16) },
    { name: 'newPlace', tasks: openings(2, 64) },
  ];
}

async function measure(): Promise<void> {
  const machine = describeMachine();
  const build = values.server === undefined ? await buildLlamaServer() : null;
  const hasDraft = existsSync(values.draft);
  if (!hasDraft) console.log(`There is no draft model ${values.draft}: no draft contenders.`);
  const started = await startPeers({
    configuration: {
      ...DEFAULT_CONFIGURATION,
      gpu: 'cpu',
      model: values.model ?? null,
      draft: hasDraft ? values.draft : null,
    },
    modes: (values.modes ?? (hasDraft ? 'plain,draft,auto' : 'plain,auto'))
      .split(',')
      .map(parseMode),
    draftModelPath: hasDraft ? values.draft : null,
    serverBinary: values.server ?? build?.binary ?? '',
  });
  try {
    const measured = await runScenarios(started);
    const { model, device } = started.ready;
    const report = {
      date: new Date().toISOString().slice(0, 10),
      machine,
      model: { name: model.name, parameters: model.parameterCount, sizeBytes: model.sizeBytes },
      draft: hasDraft ? path.basename(values.draft) : null,
      device,
      contextLength: model.contextLength,
      versions: versions(build?.release),
      runs: Number(values.runs),
      memoryMiB: memory(started),
      scenarios: measured,
    };
    writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
    printTables(measured);
  } finally {
    for (const peer of started.peers) await peer.dispose();
  }
}

async function runScenarios({ peers, names }: StartedPeers) {
  const measured: Record<string, ScenarioSummary> = {};
  for (const { name, tasks } of scenarios()) {
    console.log(`${name}: ${tasks.length} requests to ${peers.length} contenders, warming up`);
    const equal = await warmUp(tasks, peers);
    const turns: Turn[] = [];
    for (let run = 0; run < Number(values.runs); run += 1) {
      await forgetAnswers(peers);
      await sleep(SETTLE_MS);
      console.log(`${name}: run ${run + 1} of ${values.runs}`);
      turns.push(...(await takeTurns(equal, peers)));
    }
    measured[name] = summarise(names, turns);
  }
  return measured;
}

function memory({ pids }: StartedPeers): Readonly<Record<string, number | null>> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentMiB(pid)]));
}

function versions(llamaServer: string | undefined) {
  const read = (file: string) =>
    JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) as { readonly version: string };
  return {
    foretoken: read('package.json').version,
    nodeLlamaCpp: read('node_modules/node-llama-cpp/package.json').version,
    llamaServer: llamaServer ?? 'built elsewhere',
  };
}

/** One table per scenario; the ratios are over our last mode. */
function printTables(measured: Readonly<Record<string, ScenarioSummary>>): void {
  for (const [name, summary] of Object.entries(measured)) {
    const ours = Object.keys(summary.speedup).at(-1) ?? '';
    console.log(`\n${name}, ${summary.requests} requests, ratio = theirs / ${ours}:\n`);
    console.log(peerTable(summary, ours));
    for (const [peer, { sameTextAsOwnPlain }] of Object.entries(summary.peers)) {
      if (sameTextAsOwnPlain === 1) continue;
      const share = (100 * (1 - sameTextAsOwnPlain)).toFixed(1);
      console.log(`${peer}: another text than its plain decoding in ${share} % of the requests.`);
    }
  }
}

// So that `exit` handlers run: they end the servers.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}

if (values.table) {
  const report = JSON.parse(readFileSync(values.out, 'utf8')) as {
    readonly scenarios: Readonly<Record<string, ScenarioSummary>>;
  };
  printTables(report.scenarios);
} else await measure();
