import type { CompletionTask, Contender, TextMeasurement } from '../contender.ts';

export type Peer = Contender<TextMeasurement>;

/** What every peer answered to one request, in the order of the peers. */
export type Turn = readonly TextMeasurement[];

/**
 * A round that nobody measures. It warms up, and shows how long each peer's text gets: the tasks come
 * back with the shortest as their limit, so that from then on all write equally many tokens. (They
 * put their prompts together differently, and end a text by rules of their own.)
 */
export async function warmUp(
  tasks: readonly CompletionTask[],
  peers: readonly Peer[],
): Promise<readonly CompletionTask[]> {
  const turns = await takeTurns(tasks, peers);
  return tasks.map((task, index) => {
    const lengths = turns[index]?.map(({ tokens }) => tokens) ?? [];
    return { ...task, maxTokens: Math.max(1, Math.min(task.maxTokens, ...lengths)) };
  });
}

/**
 * To be called before each round that counts: the same requests come again, and nobody should profit from
 * having answered them before.
 */
export async function forgetAnswers(peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) await peer.forget?.();
}

/**
 * Every peer answers every task before the next task comes, so whatever else the machine does falls
 * on all alike. Who begins, and who follows whom, changes from task to task.
 */
export async function takeTurns(
  tasks: readonly CompletionTask[],
  peers: readonly Peer[],
): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (const [index, task] of tasks.entries()) {
    const measured = new Map<Peer, TextMeasurement>();
    for (const peer of order(peers, index)) measured.set(peer, await peer.complete(task));
    turns.push(peers.flatMap((peer) => measured.get(peer) ?? []));
  }
  return turns;
}

/** Rotated by the turn, and backwards at every other. */
export function order<T>(items: readonly T[], turn: number): readonly T[] {
  const start = turn % Math.max(1, items.length);
  const rotated = [...items.slice(start), ...items.slice(0, start)];
  return turn % 2 === 0 ? rotated : rotated.reverse();
}
