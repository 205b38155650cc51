/**
 * What is drawn for an interval: prompts, each with all its runs. Runs of a prompt resemble each other,
 * so that drawn one by one they would pass for more prompts than there are. Of a single prompt the runs
 * are drawn: the interval then says how exactly that prompt was measured, and nothing of others.
 */
export function clustersOf<T>(
  runs: readonly T[],
  promptOf: (run: T) => number,
): readonly (readonly T[])[] {
  const byPrompt = new Map<number, T[]>();
  for (const run of runs) {
    const prompt = promptOf(run);
    const others = byPrompt.get(prompt);
    if (others === undefined) byPrompt.set(prompt, [run]);
    else others.push(run);
  }
  return byPrompt.size === 1 ? runs.map((run) => [run]) : [...byPrompt.values()];
}
