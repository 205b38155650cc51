import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What a result must say about where it was measured. */
export function describeMachine() {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    /** Work of others on the machine; over 1 it disturbs what is measured. */
    loadAverageBefore: os.loadavg()[0],
  };
}

/** Resident memory of a process in MiB; null where the system does not tell. */
export function residentMiB(pid: number | undefined): number | null {
  try {
    const status = readFileSync(`/proc/${pid ?? 'self'}/status`, 'utf8');
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
    return kib === undefined ? null : Math.round(Number(kib) / 1024);
  } catch {
    return null;
  }
}
