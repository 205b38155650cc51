/** One line per stage: what is done, then how long it took. */
export async function stage<T>(label: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const live = process.stdout.isTTY;
  if (live) process.stdout.write(`  ${label} ...`);
  try {
    const result = await work();
    process.stdout.write(
      `${live ? '\r' : ''}${stageLine('ok', label, performance.now() - started)}`,
    );
    return result;
  } catch (error) {
    process.stdout.write(
      `${live ? '\r' : ''}${stageLine('FAILED', label, performance.now() - started)}`,
    );
    throw error;
  }
}

function stageLine(outcome: 'ok' | 'FAILED', label: string, elapsedMs: number): string {
  const mark = outcome === 'ok' ? '✓' : '✗';
  return `${mark} ${label.padEnd(52)} ${(elapsedMs / 1000).toFixed(1)} s\n`;
}

/** Ends a script that failed: the reason without a stack, as it is about the user's machine. */
export function reportFailure(error: unknown): void {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
