import { readFile, rm, writeFile } from 'node:fs/promises';

/**
 * A file that says which process works on something; two editor windows have two engines. Null:
 * another living process holds it. A process that died leaves its file behind, which is then ours.
 */
export async function acquireLock(file: string): Promise<(() => Promise<void>) | null> {
  const release = (): Promise<void> => rm(file, { force: true });
  if (await create(file)) return release;
  const owner = Number(await readFile(file, 'utf8').catch(() => ''));
  if (isAlive(owner)) return null;
  await release();
  return (await create(file)) ? release : null;
}

function create(file: string): Promise<boolean> {
  return writeFile(file, String(process.pid), { flag: 'wx' }).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    },
  );
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process: alive, and not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
